import { BreakfixError, type BreakfixErrorOptions } from './errors.ts';

/** An error on its way to another process, as plain data. */
export type SentError =
  | { readonly known: BreakfixErrorOptions }
  | { readonly name: string; readonly message: string; readonly stack: string | undefined };

/** Whatever was thrown, for another process. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  if (!(error instanceof BreakfixError)) {
    const { name, message, stack } = error;
    return { name, message, stack };
  }
  const { code, kind, message, fix, docs } = error;
  return { known: { code, kind, message, fix, ...(docs === undefined ? {} : { docs }) } };
}

/** The error that another process has sent; its stack is that of where it was thrown. */
export function receivedError(error: SentError): Error {
  if ('known' in error) return new BreakfixError(error.known);
  const { name, message, stack } = error;
  return Object.assign(new Error(message), { name, stack });
}
