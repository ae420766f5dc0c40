import type { ApiRequest } from '../apiserver/types.ts';
import type { OutsideChange } from '../outside.ts';
import type { Micros } from '../simulation/simulation.ts';

/**
 * What came from outside. A lab is `{version, seed, epoch, spec}` and the ordered list of these: replaying them
 * gives the same state. Bytes are base64, so that a record is one line of JSON.
 */
export type Input =
  | { readonly type: 'request'; readonly request: LoggedRequest }
  | { readonly type: 'exec'; readonly session: number; readonly request: LoggedRequest }
  | {
      readonly type: 'forward';
      readonly session: number;
      readonly request: LoggedRequest;
      readonly port: number;
    }
  | SessionInput
  | { readonly type: 'outside'; readonly change: OutsideChange }
  /** Time was moved by hand (set-up, forks, `cluster advance`); the record's own time is where it went. */
  | { readonly type: 'advance' }
  /** From here on the clock follows the wall, at a distance where `behind` says so (negative: ahead of it). */
  | { readonly type: 'live'; readonly behind?: Micros }
  /** The machine slept: the clock jumps by this many microseconds and nothing fires. */
  | { readonly type: 'gap'; readonly by: Micros };

/** What a client sends in an open exec, attach or port-forward session. */
export type SessionInput =
  | { readonly type: 'stdin'; readonly session: number; readonly data: string }
  | { readonly type: 'stdin-end'; readonly session: number }
  | { readonly type: 'resize'; readonly session: number; readonly columns: number; readonly rows: number }
  | { readonly type: 'close'; readonly session: number }
  | { readonly type: 'forward-data'; readonly session: number; readonly data: string }
  | { readonly type: 'forward-end'; readonly session: number }
  | { readonly type: 'forward-destroy'; readonly session: number };

export type LoggedRequest = Omit<ApiRequest, 'body'> & { readonly body: string };

/** An input with where it happened: a replay that sees another count or revision has gone astray. */
export interface InputRecord {
  /** Virtual time, microseconds since 1970. */
  readonly at: Micros;
  /** Events run before it. */
  readonly events: number;
  /** The store's revision before it. */
  readonly revision: number;
  readonly input: Input;
}

export function loggedRequest(request: ApiRequest): LoggedRequest {
  return { ...request, body: Buffer.from(request.body).toString('base64') };
}

export function apiRequest(logged: LoggedRequest): ApiRequest {
  return { ...logged, body: Buffer.from(logged.body, 'base64') };
}
