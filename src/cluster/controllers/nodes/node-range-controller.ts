import { edit } from '../../../core/json.ts';
import type { Node } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';

/** For how long the kubelet of a node may keep Secrets and ConfigMaps, in seconds. */
export const NODE_TTL = 'node.alpha.kubernetes.io/ttl';

/** Each node has 256 addresses of the 65,536 of all pods. */
const RANGES = Array.from({ length: 256 }, (_, index) => `10.244.${index}.0/24`);

/**
 * Gives each new node the addresses of its pods, and the annotation that says for how long kubelets may keep Secrets and
 * ConfigMaps (0 s in a cluster of up to 100 nodes). The nodes of a new cluster have both.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/ (`node-ipam`, `ttl`)
 */
export function createNodeRangeController({
  api,
  events,
  simulation,
  watches,
}: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'node-range', sync);

  function sync(name: string): void {
    const node = api.get(resources.nodes, undefined, name);
    if (node === undefined || isWhole(node)) return;
    const range = node.spec.podCIDR ?? freeRange();
    if (range === undefined) {
      const status = 'CIDRNotAvailable';
      events.event(node, 'Normal', status, `Node ${name} status is now: ${status}`);
      queue.retry(name);
      return;
    }
    api.update(
      resources.nodes,
      edit(node, (draft) => {
        draft.metadata.annotations = { ...draft.metadata.annotations, [NODE_TTL]: '0' };
        draft.spec.podCIDR = range;
        draft.spec.podCIDRs = [range];
      }),
    );
  }

  function freeRange(): string | undefined {
    const taken = new Set(api.list(resources.nodes).map(({ spec }) => spec.podCIDR));
    return RANGES.find((range) => !taken.has(range));
  }

  return {
    name: 'node-ipam-controller',
    start: () => {
      watches.on(resources.nodes, ({ type, object }) => {
        if (type === 'ADDED') queue.add(object.metadata.name);
      });
    },
  };
}

function isWhole({ metadata, spec }: Node): boolean {
  return spec.podCIDR !== undefined && metadata.annotations?.[NODE_TTL] !== undefined;
}
