import { BreakfixError, type BreakfixErrorOptions, messageOf } from './errors.ts';

/** An error on its way to another process, as plain data. */
export type SentError =
  { readonly known: BreakfixErrorOptions } | { readonly message: string; readonly stack: string | undefined };

/** Whatever was thrown, for another process. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof BreakfixError))
    return { message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
  const { code, kind, message, fix, docs } = error;
  return { known: { code, kind, message, fix, ...(docs === undefined ? {} : { docs }) } };
}

/** The error that another process has sent; its stack is that of where it was thrown. */
export function receivedError(error: SentError): Error {
  if ('known' in error) return new BreakfixError(error.known);
  return Object.assign(new Error(error.message), { stack: error.stack });
}
