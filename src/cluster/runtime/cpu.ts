import type { Micros, Simulation, Timer } from '../simulation/simulation.ts';

/** The kernel hands out CPU quota in periods of this length (cpu.cfs_period_us, cpu.max). */
export const PERIOD: Micros = 100_000;
/** Less than this (a nanosecond) is nothing: what floating point leaves over. */
const EPSILON = 1e-3;
/** So many threads go on in one instant; others that are done by then in the next, so that the host can answer between. */
const AT_ONCE = 32;

/** As in cpu.stat of cgroup v2. */
export interface CpuStatistics {
  usageUsec: number;
  periods: number;
  throttled: number;
  throttledUsec: number;
}

interface Job {
  readonly work: number;
  readonly done: (value: undefined) => void;
}

/** A job that has a thread. Work is measured on the group's own clock, which runs as fast as its threads do. */
interface Running {
  readonly thread: CpuThread;
  readonly job: Job;
  /** Up to where `thread.used` has been booked. */
  bookedAt: number;
  readonly finishAt: number;
}

/**
 * The processors of a node, shared as Linux does it, in an approximation that is exact about time and money but not
 * about order: every process is one thread that runs its work in turn; while there are no more busy threads than
 * cores each runs at full speed; otherwise the cores are divided between containers by their weight (CPU requests),
 * and what a container cannot use goes to the others. Threads of a container get equal parts at the same time,
 * instead of taking turns. A quota is what a container may use in each period of 100 ms, counted on the clock's own
 * tenths of a second.
 */
export class NodeCpu {
  readonly cores: number;
  readonly simulation: Simulation;
  readonly #busy = new Set<CpuGroup>();
  #isContended = false;
  #used = 0;

  constructor(simulation: Simulation, cores: number) {
    this.simulation = simulation;
    this.cores = cores;
  }

  /** Microseconds of CPU that all containers have had up to now, those that are gone included. */
  usage(): number {
    for (const group of this.#busy) group.statistics();
    return Math.floor(this.#used + EPSILON);
  }

  /** Books what a group has had. */
  charge(micros: number): void {
    this.#used += micros;
  }

  /** Tells that `group` has more or fewer threads to run. */
  changed(group: CpuGroup): void {
    if (group.runnable > 0) this.#busy.add(group);
    else this.#busy.delete(group);
    let threads = 0;
    for (const each of this.#busy) threads += each.runnable;
    const isContended = threads > this.cores;
    if (!isContended && !this.#isContended) {
      group.setRate(1);
      return;
    }
    this.#isContended = isContended;
    for (const [each, rate] of this.#divide()) each.setRate(rate);
  }

  /** Cores per thread for every busy container: by weight, none more than a core a thread. */
  #divide(): ReadonlyMap<CpuGroup, number> {
    const rates = new Map<CpuGroup, number>();
    let cores = this.cores;
    let hungry = [...this.#busy];
    for (;;) {
      const weight = hungry.reduce((sum, group) => sum + group.weight, 0);
      const full = hungry.filter((group) => (cores * group.weight) / weight >= group.runnable);
      if (full.length === 0) {
        for (const group of hungry) rates.set(group, (cores * group.weight) / weight / group.runnable);
        return rates;
      }
      for (const group of full) {
        rates.set(group, 1);
        cores -= group.runnable;
      }
      hungry = hungry.filter((group) => !full.includes(group));
      if (hungry.length === 0) return rates;
    }
  }
}

/** The CPU side of a container's cgroup. */
export class CpuGroup {
  readonly #node: NodeCpu;
  readonly #simulation: Simulation;
  readonly #owner: string;
  /** By the instant they finish, on the group's clock. */
  readonly #running: Running[] = [];
  readonly #statistics: CpuStatistics = { usageUsec: 0, periods: 0, throttled: 0, throttledUsec: 0 };
  #weight = 1;
  #quota: number | undefined;
  #left = 0;
  #period = -1;
  #rate = 1;
  /** What a thread that never stopped would have had; starts again whenever the group is idle. */
  #clock = 0;
  #updatedAt: Micros;
  #isThrottled = false;
  #throttledSince: Micros = 0;
  #timer: Timer | undefined;
  /** No thread goes on before, as too many have in this instant. */
  #notBefore: Micros = -Infinity;

  constructor(node: NodeCpu, owner: string) {
    this.#node = node;
    this.#simulation = node.simulation;
    this.#owner = `${owner}/cpu`;
    this.#updatedAt = node.simulation.now;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Microseconds per period, or undefined without a limit. */
  get quota(): number | undefined {
    return this.#quota;
  }

  /** Threads that want a core now. */
  get runnable(): number {
    return this.#isThrottled ? 0 : this.#running.length;
  }

  /**
   * @param request millicores: the weight against the other containers of the node
   * @param limit millicores; undefined: no quota
   */
  configure(request: number | undefined, limit: number | undefined): void {
    this.#advance();
    this.#weight = Math.max(2, Math.floor(((request ?? 0) * 1024) / 1000));
    const quota = limit === undefined ? undefined : Math.max(1000, (limit * PERIOD) / 1000);
    if (quota === this.#quota) return;
    this.#quota = quota;
    this.#period = -1;
    this.#endThrottling();
    this.#refill();
    this.#reschedule();
  }

  thread(): CpuThread {
    return new CpuThread(this);
  }

  statistics(): Readonly<CpuStatistics> {
    this.#advance();
    const waiting = this.#isThrottled ? this.#simulation.now - this.#throttledSince : 0;
    const { usageUsec, throttledUsec, ...rest } = this.#statistics;
    return { ...rest, usageUsec: Math.floor(usageUsec + EPSILON), throttledUsec: throttledUsec + waiting };
  }

  /** Lets `thread` run `job`. */
  start(thread: CpuThread, job: Job): void {
    this.#advance();
    const running: Running = { thread, job, bookedAt: this.#clock, finishAt: this.#clock + job.work };
    this.#running.splice(this.#placeAfter(running.finishAt), 0, running);
    this.#refill();
    this.#changed();
  }

  /** Takes `job` away from its thread, finished or not. */
  stop(job: Job): void {
    this.#advance();
    const index = this.#running.findIndex((running) => running.job === job);
    const [running] = this.#running.splice(index, index < 0 ? 0 : 1);
    if (running !== undefined) this.#book(running);
    this.#changed();
  }

  /** Brings `used` of a thread up to now. */
  update(thread: CpuThread): void {
    this.#advance();
    const running = this.#running.find((each) => each.thread === thread);
    if (running !== undefined) this.#book(running);
  }

  setRate(rate: number): void {
    if (rate === this.#rate) return;
    this.#advance();
    this.#rate = rate;
    this.#reschedule();
  }

  #changed(): void {
    if (this.#running.length === 0) this.#clock = 0;
    this.#node.changed(this);
    this.#reschedule();
  }

  #book(running: Running): void {
    const clock = Math.min(this.#clock, running.finishAt);
    running.thread.used += clock - running.bookedAt;
    running.bookedAt = clock;
  }

  #placeAfter(finishAt: number): number {
    let low = 0;
    let high = this.#running.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#running[middle]?.finishAt ?? 0) <= finishAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Counts what has run since the last time. Never spans the end of a job or a period: a timer stands there. */
  #advance(): void {
    const elapsed = this.#simulation.now - this.#updatedAt;
    this.#updatedAt = this.#simulation.now;
    if (elapsed === 0 || this.#isThrottled || this.#running.length === 0) return;
    const most = (this.#running[0]?.finishAt ?? 0) - this.#clock;
    const had = Math.min(elapsed * this.#rate, most);
    this.#clock += had;
    this.#statistics.usageUsec += had * this.#running.length;
    this.#node.charge(had * this.#running.length);
    this.#left -= had * this.#running.length;
  }

  /** A new period begins for a container that has something to run. */
  #refill(): void {
    if (this.#quota === undefined || this.#running.length === 0) return;
    const period = Math.floor(this.#simulation.now / PERIOD);
    if (period === this.#period) return;
    this.#period = period;
    this.#left = this.#quota;
    this.#statistics.periods++;
    this.#endThrottling();
  }

  #endThrottling(): void {
    if (!this.#isThrottled) return;
    this.#isThrottled = false;
    this.#statistics.throttledUsec += this.#simulation.now - this.#throttledSince;
    this.#node.changed(this);
  }

  #throttle(): void {
    this.#isThrottled = true;
    this.#throttledSince = this.#simulation.now;
    this.#statistics.throttled++;
    this.#node.changed(this);
  }

  #reschedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [first] = this.#running;
    if (first === undefined) return;
    let next = this.#isThrottled ? Infinity : (first.finishAt - this.#clock) / this.#rate;
    if (this.#quota !== undefined) {
      if (!this.#isThrottled) next = Math.min(next, this.#left / (this.#rate * this.#running.length));
      next = Math.min(next, PERIOD - (this.#simulation.now % PERIOD));
    }
    const delay = Math.max(Math.ceil(next - EPSILON), this.#notBefore - this.#simulation.now);
    this.#timer = this.#simulation.after(delay, this.#owner, () => {
      this.#tick();
    });
  }

  #tick(): void {
    this.#timer = undefined;
    this.#advance();
    const finished: Running[] = [];
    for (let [first] = this.#running; first !== undefined; [first] = this.#running) {
      if (first.finishAt - this.#clock > EPSILON) break;
      if (finished.length === AT_ONCE) {
        this.#notBefore = this.#simulation.now + 1;
        break;
      }
      this.#book(first);
      finished.push(first);
      this.#running.shift();
    }
    for (const { thread, job } of finished) thread.finish(job);
    this.#refill();
    const isUsedUp = this.#quota !== undefined && this.#left <= EPSILON;
    if (isUsedUp && this.runnable > 0) this.#throttle();
    this.#changed();
  }
}

/** A process as the scheduler of the kernel sees it: work that is done in turn. */
export class CpuThread {
  /** Microseconds had so far. */
  used = 0;
  readonly #group: CpuGroup;
  readonly #jobs: Job[] = [];

  constructor(group: CpuGroup) {
    this.#group = group;
  }

  get isBusy(): boolean {
    return this.#jobs.length > 0;
  }

  /** Microseconds had up to now. */
  usage(): number {
    this.#group.update(this);
    return Math.floor(this.used + EPSILON);
  }

  /** Calls `done` when `micros` of CPU have been had. @returns calls it off; what has been had is not given back. */
  spend(micros: number, done: (value: undefined) => void): () => void {
    const job: Job = { work: Math.max(0, Math.floor(micros)), done };
    this.#jobs.push(job);
    if (this.#jobs.length === 1) this.#group.start(this, job);
    return () => {
      const index = this.#jobs.indexOf(job);
      if (index < 0) return;
      this.#jobs.splice(index, 1);
      if (index > 0) return;
      this.#group.stop(job);
      this.#next();
    };
  }

  /** The job at the head has been done. */
  finish(job: Job): void {
    this.#jobs.shift();
    this.#next();
    job.done(undefined);
  }

  #next(): void {
    const [next] = this.#jobs;
    if (next !== undefined) this.#group.start(this, next);
  }
}
