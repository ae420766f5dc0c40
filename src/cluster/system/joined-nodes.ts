import { edit } from '../../core/json.ts';
import type { Node } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { NODE_TTL } from '../controllers/nodes/node-range-controller.ts';
import type { NodeSpec } from '../kubelet/types.ts';

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/**
 * What a node gets when it joins, beside what its kubelet says: from kubeadm the labels of a control plane, from the
 * controller manager the addresses of its pods and its taints. Each is the owner of its part.
 * https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/#mark-the-node-as-control-plane
 */
export function joinNode(kubeadm: Api, controllerManager: Api, node: NodeSpec): void {
  const { name, role, podCIDR, controlPlaneTaint } = node;
  if (role === 'control-plane') {
    change(kubeadm, name, ({ metadata }) => {
      const ofControlPlane = {
        [CONTROL_PLANE]: '',
        'node.kubernetes.io/exclude-from-external-load-balancers': '',
      };
      metadata.labels = { ...metadata.labels, ...ofControlPlane };
    });
  }
  change(controllerManager, name, ({ metadata, spec }) => {
    metadata.annotations = { ...metadata.annotations, [NODE_TTL]: '0' };
    spec.podCIDR = podCIDR;
    spec.podCIDRs = [podCIDR];
    if (controlPlaneTaint === true) spec.taints = [{ key: CONTROL_PLANE, effect: 'NoSchedule' }];
  });
}

function change(api: Api, name: string, edited: (draft: Node) => void): void {
  const stored = api.get(resources.nodes, undefined, name);
  if (stored !== undefined) api.update(resources.nodes, edit(stored, edited));
}
