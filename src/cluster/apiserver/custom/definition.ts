import type { Condition, KubeObject } from '../../../model/objects.ts';
import { resource, type Resource } from '../../../model/resources.ts';
import type { ClientConfig } from '../webhooks/configuration.ts';
import type { ValidationSchema } from './schema.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/ */
export interface CustomResourceDefinition extends KubeObject {
  readonly spec: DefinitionSpec;
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly acceptedNames?: DefinitionNames;
    readonly storedVersions?: readonly string[];
  };
}

export interface DefinitionSpec {
  readonly group: string;
  readonly scope: string;
  readonly names: DefinitionNames;
  readonly versions: readonly DefinitionVersion[];
  /** How an object of one version becomes one of another; `None`: only its version is written anew. */
  readonly conversion?: { readonly strategy: string; readonly webhook?: WebhookConversion };
}

export interface WebhookConversion {
  readonly clientConfig: ClientConfig;
  readonly conversionReviewVersions?: readonly string[];
}

export interface DefinitionNames {
  readonly plural: string;
  readonly singular?: string;
  readonly kind: string;
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

export interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema?: { readonly openAPIV3Schema?: ValidationSchema };
  readonly subresources?: {
    readonly status?: object;
    readonly scale?: ScalePaths;
  };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

export const definitions: Resource<CustomResourceDefinition> = resource<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);

/** Whether the resources of the definition are served. */
export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') === true;
}

/** The resource in the version in which its objects are stored; undefined where no version is. */
export function storageResource({ spec }: CustomResourceDefinition): Resource | undefined {
  const stored = spec.versions.find(({ storage }) => storage);
  if (stored === undefined) return undefined;
  return resource(spec.group, stored.name, spec.names.plural, spec.names.kind, spec.scope === 'Namespaced');
}
