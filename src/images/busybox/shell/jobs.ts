import type { Running } from './processes.ts';

/** What runs in the background, or is stopped. */
export interface Job {
  readonly number: number;
  readonly pids: readonly number[];
  readonly text: string;
  /** Its processes; what has ended gives its exit code again. */
  readonly children: readonly Running[];
  /** Exit code of the last command of it. */
  readonly ended: Promise<number>;
  /** Undefined while it runs. */
  status: number | undefined;
  /** By what it was stopped: Ctrl-Z, or a signal. It counts until `fg` or `bg`. */
  stoppedBy: 'key' | 'signal' | undefined;
  /** Whether its end or its stop is still to be told at the prompt. */
  isNews: boolean;
  /** A shell without a terminal lists it only until the next job starts. */
  isWaitedFor: boolean;
}

/** So many jobs that have ended are remembered (CHILD_MAX of POSIX is less). */
const REMEMBERED = 1000;

export class Jobs {
  /** The current one first: those that are stopped, then those that run, the latest first. */
  #jobs: readonly Job[] = [];
  /** Statuses of jobs that are not listed any more, for `wait PID`: of the last ones. */
  readonly #statuses = new Map<number, number>();

  get list(): readonly Job[] {
    return this.#jobs;
  }

  get areStopped(): boolean {
    return this.#jobs.some(({ stoppedBy, status }) => stoppedBy !== undefined && status === undefined);
  }

  /** @param children the processes of a pipeline, in order */
  add(children: readonly Running[], text: string): Job {
    for (const job of this.#jobs) if (job.isWaitedFor) this.forget(job);
    const old =
      this.#jobs.length < REMEMBERED ? undefined : this.#jobs.findLast(({ status }) => status !== undefined);
    if (old !== undefined) this.forget(old);
    const numbers = new Set(this.#jobs.map((job) => job.number));
    let number = 1;
    while (numbers.has(number)) number++;
    const last = children.at(-1);
    const pids = children.flatMap(({ pid }) => pid ?? []);
    const ended = last?.exited ?? Promise.resolve(0);
    const job: Job = {
      number,
      pids,
      text,
      children,
      ended,
      status: undefined,
      stoppedBy: undefined,
      isNews: false,
      isWaitedFor: false,
    };
    this.goesOn(job);
    void ended.then((status) => {
      job.status = status;
      job.isNews = true;
      this.#statuses.set(pids.at(-1) ?? 0, status);
      const [first] = this.#statuses.keys();
      if (this.#statuses.size > REMEMBERED && first !== undefined) this.#statuses.delete(first);
    });
    return job;
  }

  /** It runs, in the background. */
  goesOn(job: Job): void {
    job.stoppedBy = undefined;
    job.isNews = false;
    const others = this.#jobs.filter((other) => other !== job);
    const stopped = others.filter(({ stoppedBy }) => stoppedBy !== undefined);
    const running = others.filter(({ stoppedBy }) => stoppedBy === undefined);
    this.#jobs = [...stopped, job, ...running];
    void this.#watch(job);
  }

  /** The job that was in the foreground is stopped, and the current one. */
  stop(job: Job, by: 'key' | 'signal'): void {
    job.stoppedBy = by;
    job.isNews = true;
    this.#jobs = [job, ...this.#jobs.filter((other) => other !== job)];
  }

  async #watch(job: Job): Promise<void> {
    await nextStop(job.children);
    if (job.status === undefined && job.stoppedBy === undefined && this.#jobs.includes(job)) {
      this.stop(job, 'signal');
    }
  }

  /** `%1`, `%%`, `%+`, `%-`, `%name` or a pid. */
  find(text: string): Job | undefined {
    const jobs = this.#jobs;
    if (!text.startsWith('%')) return jobs.find(({ pids }) => pids.includes(Number(text)));
    const spec = text.slice(1);
    if (/^\d+$/.test(spec)) return jobs.find(({ number }) => number === Number(spec));
    if (spec === '' || spec === '%' || spec === '+') return jobs[0];
    if (spec === '-') return jobs[1] ?? jobs[0];
    return jobs.find((job) => job.text.startsWith(spec));
  }

  remembered(pid: number): number | undefined {
    return this.#statuses.get(pid);
  }

  forget(job: Job): void {
    this.#jobs = this.#jobs.filter((other) => other !== job);
  }

  /** A line of `jobs`. */
  describe(job: Job): string {
    const mark = job === this.#jobs[0] ? '+' : job === this.#jobs[1] ? '-' : ' ';
    return `[${job.number}]${mark}  ${stateOf(job).padEnd(26)} ${job.text}`;
  }
}

/** Waits until one of them is stopped. */
export async function nextStop(children: readonly Running[]): Promise<undefined> {
  await Promise.race(children.flatMap(({ stopped }) => stopped?.() ?? []));
  return undefined;
}

function stateOf({ status, stoppedBy }: Job): string {
  switch (status) {
    case undefined:
      if (stoppedBy === undefined) return 'Running';
      return stoppedBy === 'key' ? 'Stopped' : 'Stopped (signal)';
    case 0:
      return 'Done';
    case 137:
      return 'Killed';
    case 143:
      return 'Terminated';
    default:
      return `Done(${status})`;
  }
}
