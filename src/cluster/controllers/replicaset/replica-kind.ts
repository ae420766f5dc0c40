import type { ReplicaSet, ReplicationController } from '../../../model/objects.ts';
import { type Resource, resources } from '../../../model/resources.ts';
import type { Api } from '../../api.ts';

/** One of the two kinds that keep a number of pods, seen as a ReplicaSet. */
export interface ReplicaKind {
  readonly resource: Resource;
  /** Of its queue and of the controller. */
  readonly name: string;
  /** Whether its status counts pods that are ending. */
  readonly countsTerminating: boolean;
  get(api: Api, namespace: string | undefined, name: string): ReplicaSet | undefined;
  list(api: Api, namespace: string): readonly ReplicaSet[];
}

export const replicaSetKind: ReplicaKind = {
  resource: resources.replicaSets,
  name: 'replicaset',
  countsTerminating: true,
  get: (api, namespace, name) => api.get(resources.replicaSets, namespace, name),
  list: (api, namespace) => api.list(resources.replicaSets, { namespace }),
};

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/ */
export const replicationControllerKind: ReplicaKind = {
  resource: resources.replicationControllers,
  name: 'replicationcontroller',
  countsTerminating: false,
  get(api, namespace, name) {
    const controller = api.get(resources.replicationControllers, namespace, name);
    return controller === undefined ? undefined : asReplicaSet(controller);
  },
  list: (api, namespace) => api.list(resources.replicationControllers, { namespace }).map(asReplicaSet),
};

/** Its selector is a map of labels, where a ReplicaSet's is a LabelSelector. */
function asReplicaSet(controller: ReplicationController): ReplicaSet {
  const { selector, ...spec } = controller.spec;
  return {
    ...controller,
    spec: { ...spec, selector: selector === undefined ? {} : { matchLabels: selector } },
  };
}
