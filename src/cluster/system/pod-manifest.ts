import { isObject } from '../../core/json.ts';
import type { Pod } from '../../model/objects.ts';
import { containersOf } from '../../model/pod-containers.ts';
import { roundTrip } from '../../model/schema/round-trip.ts';
import { schemaOf } from '../../model/schema/schema.ts';
import { validateFields } from '../apiserver/field-validation.ts';
import { readYaml } from '../apiserver/http/yaml.ts';
import { unlessRefused } from '../api.ts';
import type { StaticPod } from '../kubelet/types.ts';

/**
 * The static pod in a file of a node's folder of manifests, JSON or YAML. Undefined where a kubelet finds none that it could
 * run by itself: it only says so in its own log.
 * https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
export function readPodManifest(text: string): StaticPod | undefined {
  let read: unknown;
  if (!unlessRefused(() => (read = readYaml(text, { fieldValidation: 'Ignore', warn: () => {} }))))
    return undefined;
  const type = schemaOf('', 'v1', 'Pod');
  if (!isObject(read) || type === undefined) return undefined;
  if (read['apiVersion'] !== 'v1' || read['kind'] !== 'Pod') return undefined;
  if (validateFields(read, type).error !== undefined) return undefined;
  const { metadata, spec } = roundTrip(read, type) as unknown as Pod;
  if (!isNamed(metadata) || needsApi(spec)) return undefined;
  const { name, namespace = 'default', labels, annotations } = metadata;
  return { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }), spec };
}

/** Nothing has looked at it yet. */
const isNamed = ({ name }: { readonly name?: unknown }): boolean => typeof name === 'string' && name !== '';

/** Whether it names objects of the API, which a static pod must not. */
function needsApi(spec: Pod['spec']): boolean {
  const { serviceAccountName = '', imagePullSecrets = [], volumes = [] } = spec;
  return (
    serviceAccountName !== '' ||
    imagePullSecrets.length > 0 ||
    volumes.some(
      (volume) => volume.configMap ?? volume.secret ?? volume.projected ?? volume.persistentVolumeClaim,
    ) ||
    containersOf(spec).some(({ env = [], envFrom = [] }) => {
      const sources = env.map(({ valueFrom }) => valueFrom?.configMapKeyRef ?? valueFrom?.secretKeyRef);
      return envFrom.length > 0 || sources.some((source) => source !== undefined);
    })
  );
}
