import type { WebSocket } from 'ws';
import type { Status } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { openChannels, receive, sendOn } from './channels.ts';
import { ClusterUnreachable, KubeError } from './client.ts';
import type { ExecOptions, ExecResult } from './client.ts';
import { objectPath, query } from './paths.ts';
import type { HttpsTransport } from './https-transport.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;

/** The path of the subresource that runs a command. */
export function execPath(namespace: string, pod: string, options: ExecOptions): string {
  const { container, command, stdin } = options;
  return (
    objectPath(resources.pods, namespace, pod, 'exec') +
    query({ command, container, stdin: stdin !== undefined, stdout: true, stderr: true })
  );
}

/** Aborts when the caller does not want to wait any longer. @throws where that is so already */
export function limitOf({ signal, timeoutMs }: ExecOptions): AbortSignal {
  const limits = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
  const limit = AbortSignal.any(limits.filter((one) => one !== undefined));
  limit.throwIfAborted();
  return limit;
}

/** Runs a command over the channels of a WebSocket. */
export async function exec(
  transport: HttpsTransport,
  path: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const { stdin } = options;
  const signal = limitOf(options);
  // Only the fifth version can say that standard input is over.
  const protocols = ['v5.channel.k8s.io', ...(stdin === undefined ? ['v4.channel.k8s.io'] : [])];
  const socket = await openChannels(transport, path, protocols, signal);
  const { server } = await transport.access();
  return new Promise((resolve, reject) => {
    const output: Record<number, Buffer[]> = { [STDOUT]: [], [STDERR]: [] };
    const text = (channel: number): string => Buffer.concat(output[channel] ?? []).toString();
    const abort = (): void => {
      reject(signal.reason as Error);
      socket.terminate();
    };
    socket.on('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new ClusterUnreachable(server, new Error('the connection closed before the command ended')));
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    receive(socket, (channel, bytes) => {
      output[channel]?.push(bytes);
      if (channel !== STATUS) return;
      const code = exitCode(JSON.parse(bytes.toString()) as Status);
      if (code instanceof KubeError) reject(code);
      else resolve({ code, stdout: text(STDOUT), stderr: text(STDERR) });
      socket.close();
    });
    if (stdin !== undefined) sendStdin(socket, stdin);
  });
}

function sendStdin(socket: WebSocket, text: string): void {
  const bytes = Buffer.from(text);
  const size = 32 * 1024;
  for (let at = 0; at < bytes.length; at += size) sendOn(socket, STDIN, bytes.subarray(at, at + size));
  sendOn(socket, CLOSE, Buffer.from([STDIN]));
}

/** The exit code in the Status at the end, or why the command did not run. */
export function exitCode(status: Status): number | KubeError {
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (status.reason === 'NonZeroExitCode' && cause?.message !== undefined) return Number(cause.message);
  return new KubeError(status.code ?? 500, status.message ?? 'the command failed', status);
}
