import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copy } from '../core/json.ts';
import { packageRoot } from '../core/package-root.ts';
import type { Manifest } from '../kube/client.ts';
import type { Deployment, LabelSelector } from '../model/objects.ts';
import { applyStrategicMergePatch } from '../model/patch/strategic-merge.ts';
import { schemaOf } from '../model/schema/schema.ts';
import type { RegistryPlan } from '../providers/provider.ts';
import type { BaselinePlan } from './types.ts';

/** The release that the shop runs on a good day. */
export const SHOP_IMAGE = 'shop.test/shop:1.4.2';

/** Who calls a service of the shop; workload/README.md has the picture. */
const CALLERS: Readonly<Record<string, string>> = {
  checkout: 'gateway',
  refunds: 'gateway',
  payments: 'checkout',
  fx: 'checkout',
  ledger: 'payments',
};

/**
 * The workload that really calls a service of the shop: a check that asks from anywhere else does not see what is
 * closed to this one. @throws for what is no service of the shop
 */
export function callerOf(service: string): string {
  const caller = CALLERS[service];
  if (caller === undefined) throw new Error(`nobody of the shop calls ${service}`);
  return caller;
}

/** How a scenario's shop differs from manifests/shop. All by the name of the workload. */
export interface ShopOverlay {
  readonly images?: Readonly<Record<string, string>>;
  readonly strategy?: Readonly<Record<string, 'Recreate' | 'RollingUpdate'>>;
  readonly replicas?: Readonly<Record<string, number>>;
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly memoryLimit?: Readonly<Record<string, string>>;
  /** Replaces values of configmap/shop-settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Objects that the shop's pods need from the start, in its namespace or in others. */
  readonly before?: readonly Manifest[];
  /** Objects beside the shop's own. */
  readonly extra?: readonly Manifest[];
  /** Workloads among `extra` that must be whole too, as `deployment/reports@other-namespace`. */
  readonly extraWorkloads?: readonly string[];
  /** Images that the nodes have beside the shop's release. */
  readonly loaded?: readonly string[];
  readonly registries?: readonly RegistryPlan[];
  /** Nodes beside the control plane; 1 where not said. */
  readonly workers?: number;
  /** Strategic merge patches of Deployments, after everything else. */
  readonly patches?: Readonly<Record<string, object>>;
}

/** A Deployment or StatefulSet as it stands in a manifest, before the server fills it in. */
interface WorkloadManifest extends Manifest {
  readonly spec: {
    replicas?: number;
    selector: LabelSelector;
    strategy?: Deployment['spec']['strategy'];
    template: { spec: { containers: ContainerManifest[] } };
  };
}

interface ContainerManifest {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
  resources: { limits?: Record<string, string>; requests?: Record<string, string> };
}

let manifests: readonly Manifest[] | undefined;

/**
 * The shop of manifests/shop in namespace `shop`, with an overlay.
 * @throws Error where the overlay names a workload that the shop does not have
 */
export function shop(overlay: ShopOverlay = {}): BaselinePlan {
  const objects = readManifests().map((object) => patched(overlaid(copy(object), overlay), overlay));
  const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
  checkNames(
    overlay,
    workloads.map(({ metadata }) => metadata.name),
  );
  const references = workloads.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
  return {
    namespace: 'shop',
    manifests: [
      ...objects.slice(0, 1),
      ...(overlay.before ?? []),
      ...objects.slice(1),
      ...(overlay.extra ?? []),
    ],
    workloads: [...references, ...(overlay.extraWorkloads ?? [])],
    images: [SHOP_IMAGE, ...(overlay.loaded ?? [])],
    ...(overlay.registries === undefined ? {} : { registries: overlay.registries }),
    ...(overlay.workers === undefined ? {} : { workers: overlay.workers }),
  };
}

/** A workload that the shop does not have would be left as it is, and nobody would be told. */
function checkNames(overlay: ShopOverlay, known: readonly string[]): void {
  const parts = ['images', 'strategy', 'replicas', 'env', 'memoryLimit', 'patches'] as const;
  for (const part of parts) {
    const strange = Object.keys(overlay[part] ?? {}).find((name) => !known.includes(name));
    if (strange !== undefined)
      throw new Error(`${part}: the shop has no workload "${strange}"; it has ${known.join(', ')}`);
  }
}

/** The objects of manifests/shop, as the build has read them: to parse YAML would take every command a tenth of a second. */
export function readManifests(): readonly Manifest[] {
  manifests ??= JSON.parse(
    readFileSync(join(packageRoot, 'dist/shop/manifests.json'), 'utf8'),
  ) as readonly Manifest[];
  return manifests;
}

function overlaid(object: Manifest, overlay: ShopOverlay): Manifest {
  if (object.kind === 'ConfigMap' && overlay.settings !== undefined) {
    return { ...object, data: { ...(object['data'] as Record<string, string>), ...overlay.settings } };
  }
  if (object.kind === 'Deployment' || object.kind === 'StatefulSet')
    overlayWorkload(object as WorkloadManifest, overlay);
  return object;
}

function patched(object: Manifest, { patches = {} }: ShopOverlay): Manifest {
  const patch = object.kind === 'Deployment' ? patches[object.metadata.name] : undefined;
  const schema = schemaOf('apps', 'v1', object.kind);
  if (patch === undefined || schema === undefined) return object;
  return applyStrategicMergePatch(object, patch, schema) as Manifest;
}

function overlayWorkload({ spec, metadata: { name } }: WorkloadManifest, overlay: ShopOverlay): void {
  spec.replicas = overlay.replicas?.[name] ?? spec.replicas ?? 1;
  const strategy = overlay.strategy?.[name];
  if (strategy !== undefined) spec.strategy = { type: strategy };
  const container = spec.template.spec.containers[0];
  if (container === undefined) return;
  container.image = overlay.images?.[name] ?? container.image;
  const limit = overlay.memoryLimit?.[name];
  if (limit !== undefined) container.resources.limits = { ...container.resources.limits, memory: limit };
  for (const [variable, value] of Object.entries(overlay.env?.[name] ?? {})) {
    container.env = [
      ...(container.env ?? []).filter((entry) => entry.name !== variable),
      { name: variable, value },
    ];
  }
}
