import type { Address, Connection, ConnectionHandler } from '../network/types.ts';
import type { Process } from './process.ts';

/** A process's side of a TCP connection: it is reset when the process ends before both sides have closed it. */
export class ProcessConnection implements Connection {
  readonly peer: Address;
  readonly #process: Process;
  readonly #inner: Connection;
  readonly #forget: () => void;
  #hasEnded = false;
  #hasPeerEnded = false;

  constructor(process: Process, inner: Connection) {
    this.#process = process;
    this.#inner = inner;
    this.peer = inner.peer;
    this.#forget = process.atEnd(() => {
      inner.destroy();
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#process.isAlive) this.#inner.write(bytes.slice());
  }

  end(): void {
    if (!this.#process.isAlive || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#inner.end();
    if (this.#hasPeerEnded) this.#forget();
  }

  destroy(): void {
    this.#forget();
    this.#inner.destroy();
  }

  /** The other side has half-closed. */
  peerEnded(): void {
    this.#hasPeerEnded = true;
    if (this.#hasEnded) this.#forget();
  }

  /** Refused or reset. */
  failed(): void {
    this.#forget();
  }
}

/**
 * What the network calls for a program's handler.
 * @param connection the program's side, which may come into being after the handler
 * @param guarded calls the program's code and ends the process where that throws
 */
export function handlerFor(
  handler: ConnectionHandler,
  connection: () => ProcessConnection | undefined,
  guarded: (run: () => void) => void,
): ConnectionHandler {
  return {
    open: () => {
      const own = connection();
      if (own !== undefined) guarded(() => handler.open?.(own));
    },
    data: (bytes) => {
      guarded(() => {
        handler.data(bytes);
      });
    },
    end: () => {
      connection()?.peerEnded();
      guarded(() => {
        handler.end();
      });
    },
    error: (error) => {
      connection()?.failed();
      guarded(() => {
        handler.error(error);
      });
    },
  };
}
