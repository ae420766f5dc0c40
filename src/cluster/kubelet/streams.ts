import { NetError } from '../network/types.ts';
import type {
  ExecInput,
  ExecOptions,
  ExecOutput,
  LogOptions,
  PortForwardInput,
  PortForwardOutput,
  StreamSink,
} from '../node-api.ts';
import type { PodWorker } from './pod-worker.ts';
import {
  badRequest,
  containerNameIn,
  containerNotFound,
  loggedRun,
  notFoundInPod,
  statusOf,
} from './refusals.ts';
import type { ContainerInstance } from './types.ts';

const encoder = new TextEncoder();

/** https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/ */
export function readLogs(worker: PodWorker, options: LogOptions, sink: StreamSink): () => void {
  const { name } = worker.pod.metadata;
  const container = containerNameIn(worker.pod, options.container);
  const id = loggedRun(name, worker.status, container, options);
  const latest = worker.containers.latest(container);
  // Of the runs that the kubelet has seen end only the newest stays.
  const hasSeenEnd = statusOf(worker.status, container)?.state.terminated !== undefined;
  const runs = hasSeenEnd ? [latest] : [latest, worker.containers.previous(container)];
  const run = runs.find((candidate) => candidate?.id === id);
  if (run !== undefined) return run.log.read(options, sink);
  // Collected as garbage between the status and now.
  sink.write(encoder.encode(`unable to retrieve container logs for containerd://${id}`));
  sink.end();
  return () => {};
}

export function execInPod(worker: PodWorker, options: ExecOptions, output: ExecOutput): ExecInput {
  const { stdin, tty } = options;
  return runningIn(worker, options.container).runtime.exec(options.command, { stdin, tty }, output);
}

export function attachToPod(worker: PodWorker, options: ExecOptions, output: ExecOutput): ExecInput {
  const container = containerNameIn(worker.pod, options.container);
  const instance = worker.containers.latest(container);
  if (instance?.state !== 'running') throw notFoundInPod(worker.pod, container);
  return instance.runtime.attach(output);
}

/** @throws StatusError 500 where the container does not run */
export function runningIn(worker: PodWorker, wanted: string | undefined): ContainerInstance {
  const container = containerNameIn(worker.pod, wanted);
  const instance = worker.containers.latest(container);
  if (instance?.state !== 'running') throw containerNotFound(container);
  return instance;
}

/** One connection to a port of the pod's own loopback. */
export function forwardToPod(worker: PodWorker, port: number, output: PortForwardOutput): PortForwardInput {
  const { sandbox } = worker;
  if (sandbox === undefined) {
    throw badRequest(`pod ${worker.pod.metadata.name} is not running`);
  }
  const connection = sandbox.stack.connect(
    { ip: '127.0.0.1', port },
    {
      data: (bytes) => output.data(bytes),
      end: () => output.end(),
      error: (error) => {
        output.error(error.code === 'ECONNREFUSED' ? refused(sandbox.id, port) : error);
      },
    },
  );
  return {
    data: (bytes) => connection.write(bytes),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}

/** What kubectl prints when nothing listens there. */
function refused(sandboxId: string, port: number): NetError {
  const namespace = `/var/run/netns/cni-${sandboxId.slice(0, 8)}`;
  return new NetError(
    'ECONNREFUSED',
    `error forwarding port ${port} to pod ${sandboxId}, uid : failed to execute portforward in network namespace ` +
      `"${namespace}": failed to connect to localhost:${port} inside namespace "${sandboxId}", ` +
      `IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused ` +
      `IPv6 dial tcp6 [::1]:${port}: connect: connection refused `,
  );
}
