import { hash32, RandomStreams } from '../../core/random.ts';
import { drainMicrotasks, inTask } from './microtasks.ts';

/** Microseconds since 1970 (instants) or a number of microseconds (durations). Always a whole number. */
export type Micros = number;

export const MILLISECOND: Micros = 1_000;
export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;

/** An event that has been put into the queue. */
export interface Timer {
  /** The instant it is due. */
  readonly at: Micros;
  cancel(): void;
}

class Entry implements Timer {
  at: Micros;
  readonly order: number;
  readonly owner: string;
  /** Undefined once it has run or was cancelled. */
  run: (() => void) | undefined;

  constructor(at: Micros, order: number, owner: string, run: () => void) {
    this.at = at;
    this.order = order;
    this.owner = owner;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }
}

/** A promise that a simulation event settles. Programs wait on these and on nothing else. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** More events than this of one owner at one instant mean that virtual time stands still. */
const ZENO_LIMIT = 100_000;
/** So many events run before the event loop of the process has a turn: some 10 ms. */
const EVENTS_A_TURN = 1_000;
/** After so many events at one instant it is counted whose they are. */
const MANY_AT_ONCE = 1_000;
/** Owners whose fingerprint is kept. */
const KNOWN_OWNERS = 10_000;

/**
 * The deterministic heart of the embedded cluster: one queue of events on virtual time.
 *
 * System parts are synchronous callbacks. Programs are async functions that wait on {@link deferred} promises;
 * after an event that settled one, the microtask queue is drained before the next event runs, so the order of
 * everything follows from the queue alone. See docs/architecture.md, "Virtual time".
 */
export class Simulation {
  readonly random: RandomStreams;
  #now: Micros;
  #order = 0;
  #eventCount = 0;
  #digest = 0x811c9dc5;
  #digestHigh = 0x1b873593;
  #programsWoken = false;
  #atThisInstant = 0;
  #lastSecond = NaN;
  #lastStamp = '';
  readonly #instantOwners = new Map<string, number>();
  readonly #ownerHashes = new Map<string, number>();
  readonly #heap: Entry[] = [];
  /** Where an exception of an event goes; the default stops the simulation. */
  onError: (error: unknown, owner: string) => void = (error) => {
    throw error;
  };

  constructor(options: { seed: string; epoch: Micros }) {
    this.random = new RandomStreams(options.seed);
    this.#now = options.epoch;
  }

  get now(): Micros {
    return this.#now;
  }

  /** How many events have run since the start. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** A running fingerprint of every event that ran: (instant, owner) in order. */
  get digest(): string {
    return (
      (this.#digestHigh >>> 0).toString(16).padStart(8, '0') +
      (this.#digest >>> 0).toString(16).padStart(8, '0')
    );
  }

  /** The instant as Kubernetes writes it: RFC 3339, cut (never rounded up) to seconds. */
  timestamp(at: Micros = this.#now): string {
    const second = Math.floor(at / SECOND);
    // Most are of the same second as the one before.
    if (second !== this.#lastSecond) {
      this.#lastSecond = second;
      this.#lastStamp = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
    }
    return this.#lastStamp;
  }

  /** The instant as Kubernetes' MicroTime writes it. */
  microTimestamp(at: Micros = this.#now): string {
    return `${this.timestamp(at).slice(0, -1)}.${String(at % SECOND).padStart(6, '0')}Z`;
  }

  /**
   * Runs `run` at the instant `at` (or now, if that has passed).
   * @param owner whose event it is, e.g. `kubelet/worker/probe/web-0`; part of the digest.
   */
  at(at: Micros, owner: string, run: () => void): Timer {
    const entry = new Entry(Math.max(at, this.#now), this.#order++, owner, run);
    this.#push(entry);
    return entry;
  }

  /** Runs `run` after `delay` microseconds. */
  after(delay: Micros, owner: string, run: () => void): Timer {
    return this.at(this.#now + Math.max(0, Math.floor(delay)), owner, run);
  }

  /** A promise for a program; settling it has the program run before the next event. */
  deferred<T>(): Deferred<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    return {
      promise,
      resolve: (value) => {
        this.#programsWoken = true;
        resolve(value);
      },
      reject: (error) => {
        this.#programsWoken = true;
        reject(error);
      },
    };
  }

  /** Says that an async program was started or woken by other means than {@link deferred}. */
  wake(): void {
    this.#programsWoken = true;
  }

  /** The instant of the next event, or undefined when nothing is to come. */
  nextAt(): Micros | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.at;
  }

  /** Runs everything that is due up to `until`, and sets the clock there. */
  async advanceTo(until: Micros): Promise<void> {
    await this.advanceWhile(() => true, until);
    if (until > this.#now) this.#arriveAt(until);
  }

  /**
   * Runs what is due up to `until`, event by event, for as long as `wanted` says so.
   * @returns false when nothing is left that is due by then
   */
  async advanceWhile(wanted: () => boolean, until: Micros): Promise<boolean> {
    while (this.#programsWoken || this.#isDue(until)) {
      if (!wanted()) return true;
      await inTask(() => this.#run(wanted, until));
    }
    return false;
  }

  /** Lets every woken program run until it waits again. */
  async settle(): Promise<void> {
    if (this.#programsWoken) await inTask(() => this.#settle());
  }

  /** Shifts the clock and every pending event by `gap`: a laptop that slept. Nothing fires. */
  shift(gap: Micros): void {
    this.#now += gap;
    for (const entry of this.#heap) entry.at += gap;
    this.#arriveAt(this.#now);
  }

  /** The heart of it. Stops now and then, so that the event loop of the process has its turn. */
  #run(wanted: () => boolean, until: Micros): void {
    this.#settle();
    for (let count = 0; count < EVENTS_A_TURN && wanted() && this.#isDue(until); count++) {
      this.#runNext();
      this.#settle();
    }
  }

  #settle(): void {
    while (this.#programsWoken) {
      this.#programsWoken = false;
      drainMicrotasks();
    }
  }

  #isDue(until: Micros): boolean {
    const next = this.nextAt();
    return next !== undefined && next <= until;
  }

  #runNext(): void {
    const entry = this.#heap[0] as Entry;
    this.#pop();
    this.#enter(entry);
    const { run } = entry;
    entry.run = undefined;
    try {
      run?.();
    } catch (error) {
      this.onError(error, entry.owner);
    }
  }

  #arriveAt(instant: Micros): void {
    this.#now = instant;
    if (this.#atThisInstant > MANY_AT_ONCE) this.#instantOwners.clear();
    this.#atThisInstant = 0;
  }

  #enter(entry: Entry): void {
    if (entry.at !== this.#now) this.#arriveAt(entry.at);
    if (++this.#atThisInstant > MANY_AT_ONCE) this.#watchForZeno(entry.owner);
    this.#eventCount++;
    this.#mix(entry.at % 0x100000000);
    this.#mix(this.#hashOf(entry.owner));
  }

  #watchForZeno(owner: string): void {
    const count = (this.#instantOwners.get(owner) ?? 0) + 1;
    this.#instantOwners.set(owner, count);
    if (count > ZENO_LIMIT) throw new Error(`${owner}: more than ${ZENO_LIMIT} events at one instant`);
  }

  #hashOf(owner: string): number {
    let hash = this.#ownerHashes.get(owner);
    if (hash === undefined) {
      hash = hash32(owner);
      if (this.#ownerHashes.size >= KNOWN_OWNERS) this.#ownerHashes.clear();
      this.#ownerHashes.set(owner, hash);
    }
    return hash;
  }

  #mix(value: number): void {
    this.#digest = Math.imul(this.#digest ^ value, 0x01000193);
    this.#digestHigh = Math.imul(this.#digestHigh ^ (value + (this.#digest >>> 7)), 0x5bd1e995);
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) this.#pop();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!before(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!before(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
