import { isObject } from '../core/json.ts';
import type { Status } from '../model/objects.ts';
import {
  type ExecOptions,
  type ExecResult,
  KubeError,
  type PortForward,
  type RawOptions,
  type RawResponse,
} from './client.ts';

export const USER_AGENT = 'breakfix';

export interface Answer extends RawResponse {
  /** What the body says in JSON, where nothing has to be read for it. Not to be changed. */
  readonly data?: () => unknown;
}

/** How the requests of one handle reach the API server. */
export interface Transport extends AsyncDisposable {
  /** The answer whatever its status. @throws ClusterUnreachable */
  request(path: string, options?: RawOptions): Promise<Answer>;
  /** The lines of an answer as they come, until it ends, breaks or falls silent. @throws KubeError */
  lines(path: string, signal: AbortSignal): AsyncGenerator<string>;
  /** Runs the command that an exec path names. See `KubeClient.exec`. */
  exec(path: string, options: ExecOptions): Promise<ExecResult>;
  /** See `KubeClient.portForward`. */
  portForward(namespace: string, pod: string, port: number): Promise<PortForward>;
}

/** The JSON of an answer below 400. @throws KubeError, ClusterUnreachable */
export async function askJson<T>(
  transport: Pick<Transport, 'request'>,
  path: string,
  options: RawOptions = {},
): Promise<T> {
  const answer = await transport.request(path, options);
  // Not read before it is needed: it may have to be written first.
  if (answer.status >= 400) throw kubeError(answer.status, answer.body);
  return (answer.data === undefined ? JSON.parse(answer.body) : answer.data()) as T;
}

/** The error that an answer of 400 and more stands for. */
export function kubeError(code: number, body: string): KubeError {
  const status = statusOf(body);
  return new KubeError(code, status?.message ?? (body.trim() || `HTTP ${code}`), status);
}

function statusOf(body: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) && value['kind'] === 'Status' ? (value as unknown as Status) : undefined;
  } catch {
    return undefined;
  }
}
