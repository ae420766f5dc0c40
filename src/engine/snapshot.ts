import { equal, isObject } from '../core/json.ts';
import type { KubeClient } from '../kube/client.ts';
import type { AnyObject } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { writtenKinds } from '../model/written.ts';
import type { Change } from '../report/journal.ts';
import type { BaselinePlan } from '../scenario/types.ts';
import { namespacesOf } from './break.ts';

/** What people change: objects by `namespace/kind/name`, without what the cluster itself writes. */
export type Snapshot = Readonly<Record<string, unknown>>;

const WATCHED: readonly Resource[] = [...writtenKinds, resources.endpointSlices];

/** The objects of the learner's namespaces as they are now. */
export async function takeSnapshot(kube: KubeClient, plan: BaselinePlan): Promise<Snapshot> {
  const places = namespacesOf(plan).flatMap((namespace) =>
    WATCHED.map((resource) => ({ resource, namespace })),
  );
  const found = await Promise.all(
    places.map(async ({ resource, namespace }) => {
      const objects = (await kube.list(resource, { namespace })) as AnyObject[];
      return objects
        .filter((object) => !isMadeByTheCluster(object))
        .map((object): [string, unknown] => [
          `${namespace}/${resource.kind.toLowerCase()}/${object.metadata.name}`,
          meaningful(object),
        ]);
    }),
  );
  return Object.fromEntries(found.flat());
}

/** Slices and endpoints that a controller keeps follow from other objects. */
function isMadeByTheCluster({ metadata, kind }: AnyObject): boolean {
  if (metadata.ownerReferences !== undefined) return true;
  return kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt';
}

function meaningful(object: AnyObject): unknown {
  const { metadata, status: _status, apiVersion: _version, kind: _kind, ...rest } = object;
  const { labels, annotations = {} } = metadata;
  const kept = Object.entries(annotations).filter(
    ([name]) => !/^(deployment|kubectl)\.kubernetes\.io\//.test(name),
  );
  return { ...rest, metadata: { labels, annotations: Object.fromEntries(kept) } };
}

/** What differs between two snapshots, a field a line; secrets without their values. */
export function changesBetween(before: Snapshot, after: Snapshot): Change[] {
  const changes: Change[] = [];
  for (const object of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    if (before[object] === undefined) changes.push({ object, field: '', before: '', after: 'created' });
    else if (after[object] === undefined)
      changes.push({ object, field: '', before: 'was there', after: 'deleted' });
    else compare(object, '', before[object], after[object], changes);
  }
  return changes;
}

function compare(object: string, field: string, before: unknown, after: unknown, into: Change[]): void {
  if (equal(before, after)) return;
  if (isObject(before) && isObject(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      compare(object, field === '' ? key : `${field}.${key}`, before[key], after[key], into);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, item] of before.entries())
      compare(object, `${field}[${index}]`, item, after[index], into);
    return;
  }
  const secret = object.includes('/secret/');
  const [was, is] = changedLines(before, after);
  into.push({ object, field, before: shown(was, secret), after: shown(is, secret) });
}

/** Of texts like a Corefile only the lines from the first to the last that differ: what is long is cut where it is shown. */
function changedLines(before: unknown, after: unknown): [unknown, unknown] {
  if (typeof before !== 'string' || typeof after !== 'string') return [before, after];
  const [was, is] = [before.split('\n'), after.split('\n')];
  const shorter = Math.min(was.length, is.length);
  let first = 0;
  while (first < shorter && was[first] === is[first]) first += 1;
  let last = 0;
  while (last < shorter - first && was.at(-1 - last) === is.at(-1 - last)) last += 1;
  const [gone, come] = [was, is].map((lines) =>
    lines
      .slice(first, lines.length - last)
      .join('\n')
      .trim(),
  );
  return gone === come ? [before, after] : [gone, come];
}

function shown(value: unknown, secret: boolean): string {
  if (value === undefined) return '';
  if (secret) return '…';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
