import { messageOf } from '../../core/errors.ts';
import type { Pod } from '../../model/objects.ts';
import type { FileTree, ProcessNamespace } from '../runtime/container-types.ts';
import { OUT_OF_MEMORY } from '../runtime/container.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import type { Micros } from '../simulation/simulation.ts';
import type { NodeContext } from './node-context.ts';
import { podMemoryLimit } from './resource-sums.ts';
import { reasons } from './reasons.ts';
import { hostNameOf, hostsFileOf, resolvConfOf } from './resolv-conf.ts';
import { sleep } from './task.ts';
import type { Step } from './task.ts';
import type { Sandbox } from './types.ts';

/** How long containerd and the network plugin take. */
const CREATE: readonly [Micros, Micros] = [250 * MILLISECOND, 450 * MILLISECOND];

/** `/pause` runs within the limits of the whole pod, and runc needs that much to start it. */
const LEAST_MEMORY = 3 * 1024 * 1024;

/** Makes the network namespace of a pod. @returns undefined (and an event) where the network has no room for it */
export function* createSandbox(context: NodeContext, pod: Pod, attempt: number): Step<Sandbox | undefined> {
  const { deps, random, owner } = context;
  yield* sleep(deps.simulation, random.between(...CREATE), owner);
  const id = random.hex(64);
  if ((podMemoryLimit(pod) ?? Infinity) < LEAST_MEMORY) {
    reportFailure(context, pod, `failed to start sandbox "${id}": ${OUT_OF_MEMORY}`);
    return undefined;
  }
  try {
    const host = pod.spec.hostNetwork === true;
    const stack = host ? deps.network.node(deps.node.name) : deps.network.attachPod(pod, deps.node.name);
    const processes = processesOf(context, pod);
    return { id, stack, attempt, ...(processes !== undefined && { processes }) };
  } catch (error) {
    reportFailure(context, pod, `failed to setup network for sandbox "${id}": ${messageOf(error)}`);
    return undefined;
  }
}

function reportFailure({ deps }: NodeContext, pod: Pod, why: string): void {
  const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = ${why}`;
  deps.events.event(pod, 'Warning', reasons.failedCreatePodSandbox, message);
}

/** @returns undefined where every container has a namespace of its own */
function processesOf({ deps, owner }: NodeContext, { spec }: Pod): ProcessNamespace | undefined {
  if (spec.hostPID === true) return deps.runtime.nodeProcesses;
  return spec.shareProcessNamespace === true
    ? deps.runtime.createProcessNamespace(`${owner}/pause`)
    : undefined;
}

/** Writes what every container of the pod finds as /etc/hosts, /etc/hostname and /etc/resolv.conf. */
export function writePodFiles(context: NodeContext, pod: Pod, sandbox: Sandbox, files: FileTree): void {
  const { node, clusterDns, resolvConf } = context.deps;
  const { hostname, domain } = podHostName(context, pod);
  const names = { hostname, domain, ip: sandbox.stack.ip, nodeName: node.name, nodeIp: node.ip };
  files.write('/hosts', hostsFileOf(pod, names), { mode: 0o644 });
  files.write('/hostname', `${hostname}\n`, { mode: 0o644 });
  files.write('/resolv.conf', resolvConfOf(pod, resolvConf, clusterDns), { mode: 0o644 });
}

/** With the host's network a pod has the host's name. */
export function podHostName(context: NodeContext, pod: Pod): { hostname: string; domain: string } {
  const { node, clusterDns } = context.deps;
  if (pod.spec.hostNetwork === true) return { hostname: node.name, domain: '' };
  return hostNameOf(pod, clusterDns.domain);
}
