import type { ProgramContext, Signal } from '../../../cluster/runtime/types.ts';
import { runtimeSignal } from '../common/signals.ts';

/** Signals that have arrived and wait for the shell to look at them. */
export class SignalInbox {
  readonly #context: ProgramContext;
  readonly #listened = new Set<Signal>();
  readonly #arrived: string[] = [];
  #bell: ReturnType<ProgramContext['deferred']> | undefined;

  constructor(context: ProgramContext) {
    this.#context = context;
  }

  get hasArrived(): boolean {
    return this.#arrived.length > 0;
  }

  /** Takes a signal's default effect away: it is put into the inbox from now on. */
  listen(name: string): void {
    const signal = runtimeSignal(name);
    if (signal === undefined || this.#listened.has(signal)) return;
    this.#listened.add(signal);
    this.#context.onSignal(signal, () => this.raise(name));
  }

  /** As if it had arrived. */
  raise(name: string): void {
    this.#arrived.push(name);
    this.#bell?.resolve(undefined);
    this.#bell = undefined;
  }

  isListening(name: string): boolean {
    const signal = runtimeSignal(name);
    return signal !== undefined && this.#listened.has(signal);
  }

  take(): string | undefined {
    return this.#arrived.shift();
  }

  putBack(name: string): void {
    this.#arrived.unshift(name);
  }

  /** Waits for something or for a signal, in which case it gives undefined. */
  async waitFor<T>(promise: Promise<T>): Promise<{ readonly value: T } | undefined> {
    if (this.hasArrived) return undefined;
    this.#bell ??= this.#context.deferred();
    return Promise.race([promise.then((value) => ({ value })), this.#bell.promise.then(() => undefined)]);
  }
}
