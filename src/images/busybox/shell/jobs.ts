/** What runs in the background. */
export interface Job {
  readonly number: number;
  readonly pids: readonly number[];
  readonly text: string;
  /** Exit code of the last command of it. */
  readonly ended: Promise<number>;
  /** Undefined while it runs. */
  status: number | undefined;
  /** A shell without a terminal lists it only until the next job starts. */
  isWaitedFor: boolean;
}

export class Jobs {
  readonly #jobs = new Map<number, Job>();
  /** Statuses of jobs that are not listed any more, for `wait PID`. */
  readonly #statuses = new Map<number, number>();

  get list(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  add(pids: readonly number[], text: string, ended: Promise<number>): Job {
    for (const job of this.list) if (job.isWaitedFor) this.forget(job);
    let number = 1;
    while (this.#jobs.has(number)) number++;
    const job: Job = { number, pids, text, ended, status: undefined, isWaitedFor: false };
    this.#jobs.set(number, job);
    void ended.then((status) => {
      job.status = status;
      this.#statuses.set(pids.at(-1) ?? 0, status);
    });
    return job;
  }

  /** `%1`, `%%`, `%+`, `%-`, `%name` or a pid. */
  find(text: string): Job | undefined {
    const { list } = this;
    if (!text.startsWith('%')) return list.find(({ pids }) => pids.includes(Number(text)));
    const spec = text.slice(1);
    if (/^\d+$/.test(spec)) return this.#jobs.get(Number(spec));
    if (spec === '' || spec === '%' || spec === '+') return list.at(-1);
    if (spec === '-') return list.at(-2) ?? list.at(-1);
    return list.findLast((job) => job.text.startsWith(spec));
  }

  remembered(pid: number): number | undefined {
    return this.#statuses.get(pid);
  }

  forget(job: Job): void {
    this.#jobs.delete(job.number);
  }

  /** A line of `jobs`. */
  describe(job: Job): string {
    const { list } = this;
    const mark = job === list.at(-1) ? '+' : job === list.at(-2) ? '-' : ' ';
    return `[${job.number}]${mark}  ${stateOf(job.status).padEnd(26)} ${job.text}`;
  }
}

function stateOf(status: number | undefined): string {
  switch (status) {
    case undefined:
      return 'Running';
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
