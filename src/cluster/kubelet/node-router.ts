import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import type { NodeApi, PodRef } from '../node-api.ts';
import type { Kubelet } from './kubelet.ts';
import { badRequest, containerNameIn, refusal } from './refusals.ts';

/** One {@link NodeApi} of all nodes: asks the kubelet of the node that a pod is bound to. */
export function createNodeRouter(api: Api, kubelets: readonly Kubelet[]): NodeApi {
  const byName = new Map(kubelets.map((kubelet) => [kubelet.node, kubelet]));

  /** @throws StatusError as the API server does before it asks a kubelet */
  function kubeletOf(ref: PodRef, container?: { readonly name: string | undefined }): Kubelet {
    const pod = api.get(resources.pods, ref.namespace, ref.name);
    if (pod === undefined) throw refusal(404, 'NotFound', `pods "${ref.name}" not found`);
    if (container !== undefined) containerNameIn(pod, container.name);
    const { nodeName } = pod.spec;
    if (nodeName === undefined || nodeName === '') {
      throw badRequest(`pod ${ref.name} does not have a host assigned`);
    }
    const kubelet = byName.get(nodeName);
    if (kubelet === undefined) {
      // A node that somebody has written, and no kubelet: it never said where it can be reached.
      throw api.get(resources.nodes, undefined, nodeName) === undefined
        ? refusal(404, 'NotFound', `nodes "${nodeName}" not found`)
        : refusal(500, undefined, 'no preferred addresses found; known addresses: []');
    }
    return kubelet;
  }

  return {
    ask: (node, path) => byName.get(node)?.answer(path),
    logs: (pod, options, sink) => kubeletOf(pod, { name: options.container }).logs(pod, options, sink),
    enter: (pod, container) => kubeletOf(pod, { name: container }).enter(pod, container),
    exec: (pod, options, output) => kubeletOf(pod, { name: options.container }).exec(pod, options, output),
    attach: (pod, options, output) =>
      kubeletOf(pod, { name: options.container }).attach(pod, options, output),
    portForward: (pod, port, output) => kubeletOf(pod).portForward(pod, port, output),
  };
}
