import type { OutsideChange } from '../../cluster/outside.ts';
import { receivedError, type SentError, sentError } from '../../core/sent-error.ts';
import { type ExecOptions, KubeError, type RawOptions } from '../../kube/client.ts';
import type { Status } from '../../model/objects.ts';

/**
 * What is said about a copy of a lab over the connection that it lives as long as: a JSON line each. The first line of
 * the lab is a {@link CopyGreeting}; then every question has an answer with its number. Whoever asks also says when he
 * has nothing to do but to wait ({@link Waits}): only then the copy's time moves.
 */
export interface CopyGreeting {
  /** Virtual time, microseconds since 1970. */
  readonly now: number;
  /** Where the copy's API server listens. */
  readonly port: number;
}

export type CopyQuestion =
  | { readonly ask: 'request'; readonly path: string; readonly options: RawOptions }
  | { readonly ask: 'exec'; readonly path: string; readonly options: Omit<ExecOptions, 'signal'> }
  | { readonly ask: 'wait'; readonly ms: number }
  | { readonly ask: 'change'; readonly change: OutsideChange };

/** Nothing else comes before the next answer. */
export interface Waits {
  readonly waits: {
    /** How many questions there were before. */
    readonly asked: number;
    /** How many answers had come. */
    readonly heard: number;
  };
}

export type FromClient =
  ({ readonly id: number } & CopyQuestion) | { readonly id: number; readonly cancel: true } | Waits;

export interface CopyAnswer {
  readonly id: number;
  readonly now: number;
  readonly result?: unknown;
  readonly error?: CopyError;
}

/** What the copy's API server refuses is a refusal here too: checks ask for its code. */
export type CopyError =
  SentError | { readonly refusal: Pick<KubeError, 'code' | 'message'> & { readonly status?: Status } };

export function copyError(error: unknown): CopyError {
  if (!(error instanceof KubeError)) return sentError(error);
  const { code, message, status } = error;
  return { refusal: { code, message, ...(status === undefined ? {} : { status }) } };
}

export function receivedCopyError(error: CopyError): Error {
  if (!('refusal' in error)) return receivedError(error);
  const { code, message, status } = error.refusal;
  return new KubeError(code, message, status);
}
