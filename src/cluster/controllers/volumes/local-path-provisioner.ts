import type { NewObject, PersistentVolume, PersistentVolumeClaim } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { createEventRecorder } from '../../events/recorder.ts';
import { SECOND } from '../../simulation/simulation.ts';
import { unlessRefused } from '../../api.ts';
import { SELECTED_NODE } from '../../volume-binding.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { PROVISIONED_BY, PROVISIONER } from './claims.ts';

const NAME = 'rancher.io/local-path';
const NAMESPACE = 'local-path-storage';
const DEPLOYMENT = 'local-path-provisioner';
const NODE_ANNOTATION = 'local.path.provisioner/selected-node';
/** What the API server refuses is asked for again after so long. */
const RETRY = 10 * SECOND;
/** A helper pod makes the directory on the node. */
const HELPER_TIME = 3 * SECOND;

/**
 * Makes a directory of the node a volume, as kind's storage class `standard` does. On kind it is a Deployment; where
 * a cluster has that, it works only while a pod of it is ready.
 * https://github.com/rancher/local-path-provisioner
 */
export function createLocalPathProvisioner(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const owner = 'controller/local-path-provisioner';
  const queue = new WorkQueue(simulation, 'local-path-provisioner', sync);
  /** Uids of claims and names of volumes: a claim of the same name may be another one. */
  const working = new Set<string>();
  const component = `${NAME}_${DEPLOYMENT}-${simulation.random.stream(owner).suffix(10)}-${simulation.random.stream(owner).suffix(5)}_${simulation.random.stream(owner).uuid()}`;
  const events = createEventRecorder({ api, simulation, component });

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const claim = api.get(resources.persistentVolumeClaims, namespace, name);
    if (claim === undefined || !isMine(claim) || !isWorking()) return;
    const { uid, annotations } = claim.metadata;
    const node = annotations?.[SELECTED_NODE];
    if (node === undefined || working.has(uid)) return;
    events.event(
      claim,
      'Normal',
      'Provisioning',
      `External provisioner is provisioning volume for claim "${key}"`,
    );
    if (!isSupported(claim)) {
      events.event(
        claim,
        'Warning',
        'ProvisioningFailed',
        `failed to provision volume with StorageClass "${claim.spec.storageClassName ?? ''}": NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes`,
      );
      queue.after(key, 15 * SECOND);
      return;
    }
    working.add(uid);
    simulation.after(HELPER_TIME, owner, () => {
      working.delete(uid);
      finish(key, uid, node);
    });
  }

  function finish(key: string, uid: string, node: string): void {
    const { namespace, name } = splitKey(key);
    const claim = api.get(resources.persistentVolumeClaims, namespace, name);
    if (claim?.metadata.uid !== uid) return;
    const volume = newVolume(claim, node);
    const volumeName = volume.metadata.name ?? '';
    if (api.get(resources.persistentVolumes, undefined, volumeName) === undefined) {
      const isCreated = unlessRefused(() => api.create(resources.persistentVolumes, volume));
      if (!isCreated) {
        simulation.after(RETRY, owner, () => finish(key, uid, node));
        return;
      }
    }
    events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`);
  }

  function newVolume(claim: PersistentVolumeClaim, node: string): NewObject<PersistentVolume> {
    const { namespace = '', name, uid, resourceVersion } = claim.metadata;
    const volume = `pvc-${uid}`;
    const storageClass = api.get(resources.storageClasses, undefined, claim.spec.storageClassName ?? '');
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name: volume,
        annotations: { [NODE_ANNOTATION]: node, [PROVISIONED_BY]: NAME },
        finalizers: ['kubernetes.io/pv-protection'],
      },
      spec: {
        accessModes: [...claim.spec.accessModes],
        capacity: { storage: claim.spec.resources.requests?.['storage'] ?? '0' },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
        hostPath: {
          path: `/var/local-path-provisioner/${volume}_${namespace}_${name}`,
          type: 'DirectoryOrCreate',
        },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
        persistentVolumeReclaimPolicy: storageClass?.reclaimPolicy ?? 'Delete',
        ...(claim.spec.storageClassName === undefined
          ? {}
          : { storageClassName: claim.spec.storageClassName }),
        volumeMode: claim.spec.volumeMode,
      },
    };
  }

  /** Deletes a released volume, and the directory with it. */
  function onVolume({ metadata, spec, status }: PersistentVolume): void {
    const isDue =
      status.phase === 'Released' &&
      spec.persistentVolumeReclaimPolicy === 'Delete' &&
      metadata.annotations?.[PROVISIONED_BY] === NAME &&
      metadata.deletionTimestamp === undefined;
    if (!isDue || working.has(metadata.name) || !isWorking()) return;
    working.add(metadata.name);
    simulation.after(HELPER_TIME, owner, () => {
      working.delete(metadata.name);
      const volume = api.get(resources.persistentVolumes, undefined, metadata.name);
      if (volume?.metadata.uid !== metadata.uid) return;
      const isDeleted = unlessRefused(() =>
        api.delete(resources.persistentVolumes, undefined, metadata.name),
      );
      if (!isDeleted) simulation.after(RETRY, owner, () => onVolume(volume));
    });
  }

  function isMine(claim: PersistentVolumeClaim): boolean {
    return (claim.spec.volumeName ?? '') === '' && claim.metadata.annotations?.[PROVISIONER] === NAME;
  }

  function isWorking(): boolean {
    if (api.get(resources.deployments, NAMESPACE, DEPLOYMENT) === undefined) return true;
    return api.list(resources.pods, { namespace: NAMESPACE }).some(isPodReady);
  }

  /** Takes up what has waited for the provisioner. */
  function resume(): void {
    for (const claim of api.list(resources.persistentVolumeClaims)) queue.add(keyOf(claim));
    for (const volume of api.list(resources.persistentVolumes)) onVolume(volume);
  }

  return {
    name: 'local-path-provisioner',
    start: () => {
      watches.on(resources.persistentVolumeClaims, ({ type, object }) => {
        if (type !== 'DELETED' && isMine(object)) queue.add(keyOf(object));
      });
      watches.on(resources.persistentVolumes, ({ type, object }) => {
        if (type !== 'DELETED') onVolume(object);
      });
      watches.on(resources.pods, ({ object, old }) => {
        const isReady = isPodReady(object) && (old === undefined || !isPodReady(old));
        if (object.metadata.namespace === NAMESPACE && isReady) resume();
      });
    },
  };
}

/** A directory of one node. */
function isSupported(claim: PersistentVolumeClaim): boolean {
  return claim.spec.accessModes.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod');
}
