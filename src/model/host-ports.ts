import type { ContainerPort, Pod } from './objects.ts';

/** Whether a pod wants a port of its node that one of the others has. */
export function wantsTakenPort(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  const taken = others.flatMap(hostPorts);
  return wanted.some((port) => taken.some((other) => conflicts(port, other)));
}

function hostPorts(pod: Pod): ContainerPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.filter(({ hostPort }) => (hostPort ?? 0) > 0),
  );
}

function conflicts(a: ContainerPort, b: ContainerPort): boolean {
  const [left, right] = [a.hostIP ?? '0.0.0.0', b.hostIP ?? '0.0.0.0'];
  const sameAddress = left === right || left === '0.0.0.0' || right === '0.0.0.0';
  return a.hostPort === b.hostPort && a.protocol === b.protocol && sameAddress;
}
