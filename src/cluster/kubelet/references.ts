import type { Pod } from '../../model/objects.ts';

/** The ConfigMaps and Secrets that a pod mounts, as `configmaps/<namespace>/<name>`. */
export function referencesOf(pod: Pod): ReadonlySet<string> {
  const namespace = pod.metadata.namespace ?? 'default';
  const result = new Set<string>();
  const add = (kind: 'configmaps' | 'secrets', name: string | undefined): void => {
    if (name !== undefined) result.add(`${kind}/${namespace}/${name}`);
  };
  for (const volume of pod.spec.volumes ?? []) {
    add('configmaps', volume.configMap?.name);
    add('secrets', volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add('configmaps', source.configMap?.name);
      add('secrets', source.secret?.name);
    }
  }
  return result;
}
