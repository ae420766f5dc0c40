import type { ByteSink, ByteSource } from './pipe.ts';
import { NEVER_FULL } from './pipe.ts';
import type { Process } from './process.ts';
import type { InputStream, OutputStream } from './types.ts';

const encoder = new TextEncoder();

/** A process's end of a source: what its program has as `stdin`. */
export class ProcessInput implements InputStream {
  readonly source: ByteSource;
  readonly #process: Process;
  #isHeld = false;

  constructor(process: Process, source: ByteSource) {
    this.#process = process;
    this.source = source;
  }

  /** Counts the process as a reader from now on; done by the first read where nobody does it before. */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.source.holdReader(this);
    this.#process.atEnd(() => {
      this.source.releaseReader(this);
    });
  }

  async read(): Promise<Uint8Array | undefined> {
    this.hold();
    if (this.#process.hasFilled) await this.#process.drained();
    return this.#process.wait((resolve) => this.source.read(resolve));
  }
}

/** A process's end of a sink: what its program has as `stdout` and `stderr`. */
export class ProcessOutput implements OutputStream {
  readonly sink: ByteSink;
  readonly #process: Process;
  readonly #forget: () => void;
  #isEnded = false;

  constructor(process: Process, sink: ByteSink) {
    this.#process = process;
    this.sink = sink;
    sink.holdWriter(this);
    this.#forget = process.atEnd(() => {
      sink.releaseWriter(this);
    });
  }

  write(data: string | Uint8Array): void {
    if (this.#isEnded || !this.#process.isAlive) return;
    const bytes = typeof data === 'string' ? encoder.encode(data) : data.slice();
    if (!this.sink.write(bytes)) this.#process.signal('SIGPIPE');
    else if (this.sink.isFull) this.#process.fill(this.sink);
  }

  end(): void {
    this.#isEnded = true;
    this.#forget();
    this.sink.releaseWriter(this);
  }
}

/** The source behind a stream that a program hands to a child; streams of a program's own making are wrapped. */
export function sourceOf(stream: InputStream): ByteSource {
  if (stream instanceof ProcessInput) return stream.source;
  return {
    read: (done) => {
      let isWanted = true;
      void stream.read().then((bytes) => {
        if (isWanted) done(bytes);
      });
      return () => {
        isWanted = false;
      };
    },
    holdReader: () => {},
    releaseReader: () => {},
  };
}

/** The sink behind a stream that a program hands to a child; ending one of its own making is the program's matter. */
export function sinkOf(stream: OutputStream): ByteSink {
  if (stream instanceof ProcessOutput) return stream.sink;
  return {
    write: (bytes) => {
      stream.write(bytes);
      return true;
    },
    ...NEVER_FULL,
    holdWriter: () => {},
    releaseWriter: () => {},
  };
}
