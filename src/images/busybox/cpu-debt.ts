import type { ProgramContext } from '../../cluster/runtime/types.ts';

/** Microseconds of CPU for which a program waits at once. */
const WORTH_A_WAIT = 1000;

/**
 * CPU that a program has used and not waited for yet. To wait for every few microseconds would cost the host more than the
 * work; not to wait at all would let an endless loop keep everybody.
 */
export class CpuDebt {
  readonly #cpu: ProgramContext['cpu'];
  readonly #worthAWait: number;
  #owed = 0;

  /** @param worthAWait microseconds of which {@link isDue} says so */
  constructor(cpu: ProgramContext['cpu'], worthAWait = WORTH_A_WAIT) {
    this.#cpu = cpu;
    this.#worthAWait = worthAWait;
  }

  /** @param micros microseconds */
  owe(micros: number): void {
    this.#owed += micros;
  }

  get isDue(): boolean {
    return this.#owed >= this.#worthAWait;
  }

  /** Waits until all of it has been had. */
  async pay(): Promise<void> {
    const owed = this.#owed;
    this.#owed = 0;
    await this.#cpu.spend(owed);
  }
}
