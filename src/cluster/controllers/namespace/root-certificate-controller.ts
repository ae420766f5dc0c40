import { edit, equal } from '../../../core/json.ts';
import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';

const NAME = 'kube-root-ca.crt';
const ANNOTATIONS = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

/** Keeps the cluster's CA certificate in a ConfigMap of every namespace, which every pod mounts. */
export function createRootCertificateController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'root-ca', sync);
  const data = { 'ca.crt': context.rootCertificate };

  function sync(namespace: string): void {
    if (api.get(resources.namespaces, undefined, namespace)?.status.phase !== 'Active') return;
    const current = api.get(resources.configMaps, namespace, NAME);
    if (current === undefined) {
      api.create(resources.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: NAME, namespace, annotations: ANNOTATIONS },
        data,
      });
      return;
    }
    if (equal(current.data, data)) return;
    api.update(
      resources.configMaps,
      edit(current, (draft) => {
        draft.data = data;
        draft.metadata.annotations = { ...draft.metadata.annotations, ...ANNOTATIONS };
      }),
    );
  }

  return {
    name: 'root-ca-certificate-publisher-controller',
    start: () => {
      watches.on(resources.namespaces, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
      watches.on(resources.configMaps, ({ type, object: { metadata } }) => {
        if (type !== 'ADDED' && metadata.name === NAME) queue.add(metadata.namespace ?? '');
      });
    },
  };
}
