import { equal } from '../../../core/json.ts';
import type { Pod } from '../../../model/objects.ts';
import { amountsOf, podRequests } from '../../../model/pod-requests.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionPlugin } from '../pipeline.ts';
import { refusal } from './refuse.ts';

/**
 * Refuses a resize that the pod's node could never grant, whatever else runs there. Pods that are not on a node yet
 * may ask for anything.
 * https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
 */
export const podResizeValidator: AdmissionPlugin = {
  name: 'PodResizeValidator',
  validate(attributes) {
    const { api, operation, resource, subresource, object, old } = attributes;
    if (operation !== 'UPDATE' || resource.id !== 'pods' || subresource !== 'resize') return;
    const { spec } = object as unknown as Pod;
    const { nodeName = '' } = spec;
    if (nodeName === '' || equal(spec, (old as unknown as Pod).spec)) return;
    const node = api.get(resources.nodes, undefined, nodeName);
    if (node === undefined) throw refusal(attributes, `node "${nodeName}" not found`);
    const requests = podRequests(spec);
    const allocatable = amountsOf(node.status.allocatable);
    const short = ['cpu', 'memory'].flatMap((name) => {
      const [requested, there] = [requests.get(name) ?? 0, allocatable.get(name) ?? 0];
      return requested > there ? [`${name}, requested: ${requested}, allocatable: ${there}`] : [];
    });
    if (short.length > 0)
      throw refusal(attributes, `node didn't have enough allocatable resources: ${short.join('; ')}`);
  },
};
