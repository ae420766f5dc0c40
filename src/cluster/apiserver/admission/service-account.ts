import type { Random } from '../../../core/random.ts';
import type { Pod, PodSpec, ServiceAccount, Volume } from '../../../model/objects.ts';
import { containersOf } from '../../../model/pod-containers.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';
import { refusal } from './refuse.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
/** An hour, and the seven seconds by which a kubelet knows that it asked for the extended life. */
const TOKEN_SECONDS = 3607;

/**
 * Gives every pod a ServiceAccount, its token as a volume and its image pull secrets.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller
 * @param random where the last characters of the volume's name come from
 */
export function serviceAccount(random: Random): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    mutate(attributes) {
      const { operation, resource, subresource } = attributes;
      if (resource.id !== 'pods' || subresource !== undefined || operation !== 'CREATE') return;
      const pod = attributes.object as unknown as Pod;
      if (pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return;
      const account = accountOf(attributes, pod.spec);
      if (wantsToken(pod.spec, account)) mountToken(pod.spec, random);
      const secrets = account.imagePullSecrets ?? [];
      if ((pod.spec.imagePullSecrets?.length ?? 0) === 0 && secrets.length > 0) {
        pod.spec.imagePullSecrets = secrets.map(({ name }) => ({ name }));
      }
    },
  };
}

/** Names the account in the pod, `default` where it names none, and looks it up. */
function accountOf(attributes: AdmissionAttributes, spec: PodSpec): ServiceAccount {
  const { api, namespace } = attributes;
  const named = spec.serviceAccountName ?? '';
  const name = named === '' ? 'default' : named;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const account = api.get(resources.serviceAccounts, namespace, name);
  if (account !== undefined) return account;
  throw refusal(
    attributes,
    `error looking up service account ${namespace ?? ''}/${name}: serviceaccount "${name}" not found`,
  );
}

function wantsToken(spec: PodSpec, account: ServiceAccount): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(spec: PodSpec, random: Random): void {
  const present = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? VOLUME_PREFIX + random.suffix(5);
  let isMounted = false;
  for (const container of containersOf(spec)) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH) === true) continue;
    const mount = { name, readOnly: true, mountPath: MOUNT_PATH };
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    isMounted = true;
  }
  if (isMounted && present === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
