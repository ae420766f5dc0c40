import type { AnyObject } from '../../../model/objects.ts';

/**
 * events.k8s.io/v1, the newer look at events: the same fields under other names.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */

/** Names here → names in the stored core/v1 event. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

export function eventToStored(event: AnyObject): AnyObject {
  const stored = renamed(event, RENAMED);
  return {
    ...stored,
    apiVersion: 'v1',
    source: stored['source'] ?? {},
    firstTimestamp: stored['firstTimestamp'] ?? null,
    lastTimestamp: stored['lastTimestamp'] ?? null,
    reportingComponent: stored['reportingComponent'] ?? '',
    reportingInstance: stored['reportingInstance'] ?? '',
  };
}

export function eventFromStored(event: AnyObject): AnyObject {
  const names = RENAMED.map(([here, stored]) => [stored, here] as const);
  const { reportingController, reportingInstance, ...shown } = renamed(event, names);
  // Here, unlike in `v1`, what is empty is left out.
  return {
    ...shown,
    ...(reportingController !== '' && { reportingController }),
    ...(reportingInstance !== '' && { reportingInstance }),
    apiVersion: 'events.k8s.io/v1',
  };
}

function renamed(object: AnyObject, names: readonly (readonly [string, string])[]): AnyObject {
  const map = new Map(names);
  const entries = Object.entries(object).map(([key, value]) => [map.get(key) ?? key, value]);
  return Object.fromEntries(entries) as AnyObject;
}
