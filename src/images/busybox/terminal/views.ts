import type { InputStream, OutputStream } from '../../../cluster/runtime/types.ts';

/** A stream as a terminal shows it to a program; children get the one behind it and make a view of their own. */
export interface InputView extends InputStream {
  readonly behind: InputStream;
}

export interface OutputView extends OutputStream {
  readonly behind: OutputStream;
}

export function unwrapInput(stream: InputStream): InputStream {
  return 'behind' in stream ? (stream as InputView).behind : stream;
}

export function unwrapOutput(stream: OutputStream): OutputStream {
  return 'behind' in stream ? (stream as OutputView).behind : stream;
}
