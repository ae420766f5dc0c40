import { closeSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { receivedError, type SentError, sentError } from './sent-error.ts';

/** A copy has only the thread that asked for it: V8 must not wait for others. */
const ONE_THREAD = '--single-threaded';

/**
 * How a process that is to be copied must be started; nothing where none can be. Whatever a copy writes to is copied page
 * by page: where things are made is to be small and used again and again (MB), and no collection of garbage is to go
 * through all the rest before it has grown to so many MB. Nor because a process has had nothing to do for 8 seconds: that
 * is so while it waits for its copies, and each of them, made with the timer of it, would collect all garbage anew.
 */
export const COPYABLE: readonly string[] =
  process.platform === 'linux'
    ? [ONE_THREAD, '--max-semi-space-size=4', '--initial-heap-size=500', '--no-memory-reducer']
    : [];

/** A copy ends before the best code for its functions has paid; it has what its original has compiled. */
const SHORT_LIFE = '--no-turbofan';

/** What a copy says first; one that says nothing had not all of its memory. */
const ALIVE = '+';

/** What a copy says at its end. */
type Answer = { readonly value: unknown } | { readonly error: SentError };

/** So often a copy is made again that was not alive. */
const ATTEMPTS = 5;

/** From `sys/mman.h`, `sys/prctl.h`, `fcntl.h` and `signal.h`. */
const MADV_DOFORK = 11;
/**
 * All addresses that a process can have, in bytes. V8 asks the kernel to leave its heap out of copies, as hardly any
 * process makes one; that request is taken back in one call. The call goes on over holes and ends at the first mapping
 * of the kernel's own, which lie above all that V8 maps: they come to be before it.
 * https://man7.org/linux/man-pages/man2/madvise.2.html
 */
const ADDRESSES = { start: 2 ** 16, length: 2 ** 47 - 2 ** 17 };
const PR_SET_PDEATHSIG = 1;
const O_CLOEXEC = 0o2000000;
const SIGKILL = 9;

/** Functions of the C library. */
interface CLibrary {
  fork(): number;
  pipe2(ends: [from: number, to: number], flags: number): number;
  waitpid(pid: number, status: [number], options: number): number;
  madvise(start: number, length: number, advice: number): number;
  prctl(option: number, value: number): number;
  exit(status: number): void;
}

/**
 * Copies this process with everything in it, by fork(2): some milliseconds for what would take a second to build up
 * again. Why, and what stands against it: docs/decisions/0012-copies-of-a-process.md.
 */
export class ProcessCopies {
  readonly #c: CLibrary;

  private constructor(c: CLibrary) {
    this.#c = c;
  }

  /** Undefined where this process cannot be copied, as a first copy shows: another system, no koffi, not {@link COPYABLE}. */
  static async load(): Promise<ProcessCopies | undefined> {
    if (process.platform !== 'linux' || !process.execArgv.includes(ONE_THREAD)) return undefined;
    try {
      const { default: koffi } = await import('koffi');
      const c = koffi.load('libc.so.6');
      const copies = new ProcessCopies({
        fork: c.func('int fork()'),
        pipe2: c.func('int pipe2(_Out_ int *ends, int flags)'),
        waitpid: c.func('int waitpid(int pid, _Out_ int *status, int options)'),
        madvise: c.func('int madvise(intptr_t start, size_t length, int advice)'),
        prctl: c.func('int prctl(int option, unsigned long value)'),
        exit: c.func('void _exit(int status)'),
      });
      await copies.run(() => Promise.resolve());
      return copies;
    } catch {
      return undefined;
    }
  }

  /**
   * Does the work in a copy of this process. This process stands still meanwhile and stays as it is. Whatever else is on
   * its way in it goes on in the copy too, which has the same files and connections: there should be nothing.
   * @returns what the work returned, through JSON
   * @throws what the work threw, as an error of the same message; Error where the copy ended before the work did
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const [from, to] = this.#pipe();
      this.#c.madvise(ADDRESSES.start, ADDRESSES.length, MADV_DOFORK);
      const pid = this.#c.fork();
      if (pid === 0) await this.#liveAsCopy(work, from, to);
      closeSync(to);
      const said = readToEnd(from);
      closeSync(from);
      if (pid < 0)
        throw new Error('fork(2) failed: there are too many processes, or there is no memory left');
      const status: [number] = [0];
      this.#c.waitpid(pid, status, 0);
      if (said.length > ALIVE.length) return valueOf(JSON.parse(said.slice(ALIVE.length)) as Answer) as T;
      if (said === ALIVE) throw new Error(`a copy of the process ended before its work: ${endOf(status[0])}`);
    }
    throw new Error(`${ATTEMPTS} copies of the process were not alive`);
  }

  #pipe(): [from: number, to: number] {
    const ends: [number, number] = [0, 0];
    // Not for programs that the copy starts: its end is seen when nobody holds the pipe any more.
    if (this.#c.pipe2(ends, O_CLOEXEC) !== 0)
      throw new Error('pipe2(2) failed: there are too many open files');
    return ends;
  }

  /** Never returns. Node's own way out waits for threads that a copy does not have. */
  async #liveAsCopy(work: () => Promise<unknown>, from: number, to: number): Promise<never> {
    this.#c.prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Node keeps the id that it started with: here that of the parent, who may have ended by now.
    if (process.ppid !== process.pid) this.#c.exit(1);
    closeSync(from);
    writeSync(to, ALIVE);
    setFlagsFromString(SHORT_LIFE);
    const end = (answer: Answer): void => {
      writeFileSync(to, JSON.stringify(answer));
      this.#c.exit(0);
    };
    process.once('exit', (code) => this.#c.exit(code === 0 ? 1 : code));
    process.once('beforeExit', () => {
      end({ error: sentError(new Error('the work waits for something that never comes')) });
    });
    try {
      end({ value: await work() });
    } catch (error) {
      end({ error: sentError(error) });
    }
    throw new Error('_exit(2) returned');
  }
}

function valueOf(answer: Answer): unknown {
  if ('error' in answer) throw receivedError(answer.error);
  return answer.value;
}

/** What waitpid(2) tells. */
function endOf(status: number): string {
  const signal = status & 0x7f;
  return signal === 0 ? `exit code ${status >> 8}` : `signal ${signal}`;
}

function readToEnd(file: number): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536);
    const length = readSync(file, chunk);
    if (length === 0) return Buffer.concat(chunks).toString();
    chunks.push(chunk.subarray(0, length));
  }
}
