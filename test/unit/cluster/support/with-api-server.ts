import { edit } from '../../../../src/core/json.ts';
import type { NewObject, Node } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import type { Api } from '../../../../src/cluster/api.ts';
import { admissionPlugins } from '../../../../src/cluster/apiserver/admission/plugins.ts';
import { ApiServer } from '../../../../src/cluster/apiserver/api-server.ts';
import { validateObject } from '../../../../src/cluster/apiserver/validation/validate.ts';
import { startScheduler } from '../../../../src/cluster/scheduler/scheduler.ts';
import { openStages } from '../apiserver/harness.ts';
import { World, node } from './world.ts';

/** All controllers and the scheduler on the real API server: real defaults, validation, names and deletion. */
export function startedWithApiServer(options: Parameters<World['kubelets']>[0] = {}): World<Api> {
  const world = new World<Api>((simulation) =>
    new ApiServer({
      simulation,
      stages: () => ({
        ...openStages,
        validateObject,
        admissionPlugins: admissionPlugins({
          random: simulation.random,
          authorizer: openStages.authorizer,
        }),
      }),
      address: '172.18.0.2:6443',
      nodes: () => {
        throw new Error('no kubelet');
      },
      network: () => {
        throw new Error('no network');
      },
    }).clientFor({ user: 'system:kube-controller-manager', groups: [], manager: 'kube-controller-manager' }),
  );
  const { api } = world;
  for (const name of ['shop', 'kube-node-lease']) {
    api.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  }
  const create = (wanted: NewObject<Node>): void => {
    const created = api.create(resources.nodes, wanted);
    api.updateStatus(
      resources.nodes,
      edit(created, (draft) => {
        draft.status = wanted.status as Node['status'];
      }),
    );
  };
  create(node('a'));
  create(node('b'));
  api.create(resources.storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard' },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  startScheduler({ simulation: world.simulation, api });
  return world.kubelets(options).start();
}
