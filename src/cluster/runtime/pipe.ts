/** Where bytes come from. Whoever reads gives a token, so that the other side knows when every reader has gone. */
export interface ByteSource {
  /** Calls `done` once, with the next bytes or undefined at the end. @returns gives up; the bytes stay. */
  read(done: (bytes: Uint8Array | undefined) => void): () => void;
  holdReader(token: object): void;
  releaseReader(token: object): void;
}

/** Where bytes go. */
export interface ByteSink {
  /** @returns false where nobody will ever read it (SIGPIPE) */
  write(bytes: Uint8Array): boolean;
  /** Whether so much waits for a reader that a writer has to wait as well. */
  readonly isFull: boolean;
  /** Calls `done` once it is not full any more, or broken; at once where it is not. @returns gives up */
  whenDrained(done: () => void): () => void;
  holdWriter(token: object): void;
  releaseWriter(token: object): void;
}

/** What a pipe holds before its writer has to wait, as in Linux. */
const CAPACITY = 64 * 1024;
/**
 * What may wait for a reader at most: a program only waits when it does something that takes time, and may have written
 * more by then.
 */
const MOST_UNREAD = 64 * 1024 * 1024;

/**
 * Bytes between processes. It is at its end when every writer that held it has let go. Who goes on writing where nobody
 * reads finds it broken, or one command could fill the host's memory.
 */
export class Pipe implements ByteSource, ByteSink {
  readonly #chunks: Uint8Array[] = [];
  #unread = 0;
  readonly #drained = new Set<() => void>();
  readonly #waiting: ((bytes: Uint8Array | undefined) => void)[] = [];
  readonly #writers = new Set<object>();
  readonly #readers = new Set<object>();
  #isEnded = false;
  #isBroken = false;

  read(done: (bytes: Uint8Array | undefined) => void): () => void {
    const chunk = this.#chunks.shift();
    this.#unread -= chunk?.length ?? 0;
    this.#tellDrained();
    if (chunk !== undefined || this.#isEnded) {
      done(chunk);
      return () => {};
    }
    this.#waiting.push(done);
    return () => {
      const index = this.#waiting.indexOf(done);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isBroken) return false;
    if (bytes.length === 0 || this.#isEnded) return true;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting(bytes);
      return true;
    }
    if (this.#unread + bytes.length > MOST_UNREAD) return false;
    this.#unread += bytes.length;
    this.#chunks.push(bytes);
    return true;
  }

  get isFull(): boolean {
    return this.#unread > CAPACITY && !this.#isBroken;
  }

  whenDrained(done: () => void): () => void {
    if (!this.isFull) {
      done();
      return () => {};
    }
    this.#drained.add(done);
    return () => this.#drained.delete(done);
  }

  #tellDrained(): void {
    if (this.isFull || this.#drained.size === 0) return;
    const waiting = [...this.#drained];
    this.#drained.clear();
    for (const done of waiting) done();
  }

  holdWriter(token: object): void {
    this.#writers.add(token);
  }

  releaseWriter(token: object): void {
    if (!this.#writers.delete(token) || this.#writers.size > 0) return;
    this.#isEnded = true;
    for (const done of this.#waiting.splice(0)) done(undefined);
  }

  holdReader(token: object): void {
    this.#readers.add(token);
  }

  releaseReader(token: object): void {
    if (!this.#readers.delete(token) || this.#readers.size > 0) return;
    this.#isBroken = true;
    this.#chunks.length = 0;
    this.#unread = 0;
    this.#tellDrained();
  }
}

/** /dev/null as standard input. */
export const nothing: ByteSource = {
  read: (done) => {
    done(undefined);
    return () => {};
  },
  holdReader: () => {},
  releaseReader: () => {},
};

/** Where what is written is gone at once. */
export const NEVER_FULL = {
  isFull: false,
  whenDrained: (done: () => void): (() => void) => {
    done();
    return () => {};
  },
} as const;

/**
 * A sink outside the container: a log, a client's connection. It never breaks.
 * @param onClosed called when the last process that could write to it has ended
 */
export function sinkTo(write: (bytes: Uint8Array) => void, onClosed: () => void = () => {}): ByteSink {
  const writers = new Set<object>();
  return {
    write: (bytes) => {
      write(bytes);
      return true;
    },
    ...NEVER_FULL,
    holdWriter: (token) => {
      writers.add(token);
    },
    releaseWriter: (token) => {
      if (writers.delete(token) && writers.size === 0) onClosed();
    },
  };
}
