import type { Manifest } from '../../../src/kube/client.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';

/** `deployments.apps/shop/checkout`: resource, namespace and name. */
export type Reference = string;

/**
 * One thing that somebody does to a broken lab. Plain data without identities of one run, so that a line of text can
 * be done again on the lab of the same seed.
 */
export type Edit =
  /** A field, by JSON pointer, or all of spec and data as it was while the shop was healthy. */
  | { readonly edit: 'put-back'; readonly of: Reference; readonly path?: string }
  | {
      readonly edit: 'patch';
      readonly of: Reference;
      readonly type: 'json' | 'merge' | 'strategic';
      readonly body: unknown;
    }
  | { readonly edit: 'create'; readonly object: Manifest }
  /** With a finalizer that nobody takes off, it stays as something that is being deleted. */
  | { readonly edit: 'delete'; readonly of: Reference; readonly finalizer?: string }
  /** Deleted and made again, as it is now or as it was. */
  | { readonly edit: 'recreate'; readonly of: Reference; readonly as: 'live' | 'healthy' }
  /** `kubectl rollout restart`, `kubectl rollout undo`. */
  | { readonly edit: 'restart' | 'undo'; readonly of: Reference }
  /** What is done to the pods of a Deployment themselves. */
  | { readonly edit: 'pods'; readonly of: Reference; readonly act: PodAct }
  /** Lines of a Corefile: some are taken out, others put before a plugin, words replaced. */
  | { readonly edit: 'corefile'; readonly of: Reference; readonly change: CorefileChange }
  /** `kubectl cordon`, `kubectl uncordon`. */
  | { readonly edit: 'cordon' | 'uncordon'; readonly nodes: 'one' | 'all' }
  | { readonly edit: 'wait'; readonly seconds: number };

export type PodAct =
  | { readonly act: 'delete'; readonly all: boolean }
  | { readonly act: 'label'; readonly labels: Readonly<Record<string, string | null>> }
  | { readonly act: 'resize'; readonly memory: string }
  | { readonly act: 'image'; readonly image: string }
  | { readonly act: 'say-ready' };

export type CorefileChange =
  | { readonly without: string }
  | { readonly before: string; readonly lines: readonly string[] }
  | { readonly replace: string; readonly by: string };

export const referenceOf = (
  resource: Resource,
  { namespace, name }: { namespace?: string; name: string },
): Reference => `${resource.id}/${namespace ?? ''}/${name}`;

/** @throws where no such resource is known: text that was written by hand */
export function partsOf(reference: Reference): { resource: Resource; namespace?: string; name: string } {
  const [id = '', namespace = '', name = ''] = reference.split('/');
  const resource = Object.values(resources).find((known) => known.id === id);
  if (resource === undefined || name === '') throw new Error(`"${reference}" is no resource/namespace/name`);
  return { resource, name, ...(namespace === '' ? {} : { namespace }) };
}

export const deploymentOf = (namespace: string, name: string): Reference =>
  referenceOf(resources.deployments, { namespace, name });
