import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';

const NAME = 'default';

/** Keeps a service account `default` in every namespace. https://kubernetes.io/docs/concepts/security/service-accounts/ */
export function createServiceAccountController({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'serviceaccount', sync);

  function sync(namespace: string): void {
    if (api.get(resources.namespaces, undefined, namespace)?.status.phase !== 'Active') return;
    if (api.get(resources.serviceAccounts, namespace, NAME) !== undefined) return;
    api.create(resources.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: NAME, namespace },
    });
  }

  return {
    name: 'serviceaccount-controller',
    start: () => {
      watches.on(resources.namespaces, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
      watches.on(resources.serviceAccounts, ({ type, object: { metadata } }) => {
        if (type === 'DELETED' && metadata.name === NAME) queue.add(metadata.namespace ?? '');
      });
    },
  };
}
