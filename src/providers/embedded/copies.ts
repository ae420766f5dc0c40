import { Host, type HostedCluster } from '../../cluster/host/host.ts';
import type { InputRecord } from '../../cluster/host/inputs.ts';

export interface CopiesOptions {
  /** Of the lab. */
  readonly host: Pick<Host, 'sync' | 'live'>;
  /** The lab's cluster as it was before the first input. */
  readonly anew: () => HostedCluster;
  /** Everything that is in the lab's log now. */
  readonly records: () => readonly InputRecord[];
}

/**
 * Copies of a lab, in the lab's own process. A copy is a replay of the lab's log, which takes a while: so one is always
 * kept ready, and follows the lab. It takes some 5 MB: code and constants are the lab's.
 */
export class Copies {
  readonly #options: CopiesOptions;
  #spare: Host | undefined;
  /** Inputs of the lab that the spare one has not had. */
  #pending: InputRecord[] = [];
  #turns: Promise<unknown> = Promise.resolve();
  #inUse = 0;

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  /** The lab has got an input. */
  note(record: InputRecord): void {
    if (this.#spare !== undefined) this.#pending.push(record);
  }

  /** Brings the spare copy to where the lab is, or makes one; not while another is worked with, which it would slow down. */
  follow(): Promise<void> {
    return this.#turn(async () => {
      if (this.#inUse === 0 && this.#options.host.live) await this.#upToDate();
    });
  }

  /** A copy of the lab as it is now, whose time is moved by hand; to be given back. */
  take(): Promise<Host> {
    this.#inUse++;
    return this.#turn(async () => {
      const copy = await this.#upToDate();
      this.#spare = undefined;
      return copy;
    }).catch((error: unknown) => {
      this.#inUse--;
      throw error;
    });
  }

  /** A copy that was taken is not needed any more. */
  giveBack(copy: Host): void {
    copy.close();
    this.#inUse--;
  }

  /** @throws ReplayError where a replay goes another way than the lab did, which is a bug */
  async #upToDate(): Promise<Host> {
    const now = await this.#options.host.sync();
    const copy = (this.#spare ??= this.#anew());
    const records = this.#pending;
    this.#pending = [];
    try {
      await copy.replay(records);
      await copy.advanceTo(now);
      return copy;
    } catch (error) {
      this.#spare = undefined;
      throw error;
    }
  }

  #anew(): Host {
    this.#pending = [...this.#options.records()];
    return new Host(this.#options.anew());
  }

  #turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turns.then(work);
    this.#turns = result.catch(() => {});
    return result;
  }
}
