import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { messageOf } from './errors.ts';

/** A copy has only the thread that asked for it: V8 must not wait for others. */
const ONE_THREAD = '--single-threaded';

/**
 * How a process that is to be copied must be started. Whatever a copy writes to is copied page by page: where things are
 * made is to be small and used again and again (MB), and no collection of garbage is to go through all the rest before
 * it has grown to so many MB.
 */
export const COPYABLE: readonly string[] = [ONE_THREAD, '--max-semi-space-size=2', '--initial-heap-size=500'];

/** What a copy says at its end. */
type Answer = { readonly value: unknown } | { readonly error: string };

/** So often a copy is made again that ended without an answer. */
const ATTEMPTS = 5;

/** From `sys/mman.h`, `sys/prctl.h` and `signal.h`. */
const MADV_DOFORK = 11;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** Functions of the C library. */
interface CLibrary {
  fork(): number;
  pipe(ends: [from: number, to: number]): number;
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
  readonly #mappings = new Mappings();

  private constructor(c: CLibrary) {
    this.#c = c;
  }

  /** Undefined where this process cannot be copied: no Linux, no koffi, or not started as {@link COPYABLE}. */
  static async load(): Promise<ProcessCopies | undefined> {
    if (process.platform !== 'linux' || !process.execArgv.includes(ONE_THREAD)) return undefined;
    try {
      const { default: koffi } = await import('koffi');
      const c = koffi.load('libc.so.6');
      return new ProcessCopies({
        fork: c.func('int fork()'),
        pipe: c.func('int pipe(_Out_ int *ends)'),
        waitpid: c.func('int waitpid(int pid, _Out_ int *status, int options)'),
        madvise: c.func('int madvise(intptr_t start, size_t length, int advice)'),
        prctl: c.func('int prctl(int option, int value)'),
        exit: c.func('void _exit(int status)'),
      });
    } catch {
      return undefined;
    }
  }

  /**
   * Does the work in a copy of this process. This process stands still meanwhile and stays as it is. Whatever else is on
   * its way in it goes on in the copy too, which has the same files and connections: there should be nothing.
   * @returns what the work returned, through JSON
   * @throws Error with the message of what the work threw
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const [from, to] = this.#pipe();
      this.#mappings.keep((start, length) => this.#c.madvise(start, length, MADV_DOFORK));
      const pid = this.#c.fork();
      if (pid === 0) await this.#liveAsCopy(work, to);
      closeSync(to);
      const text = pid < 0 ? '' : readToEnd(from);
      closeSync(from);
      if (pid > 0) this.#c.waitpid(pid, [0], 0);
      if (text !== '') return valueOf(JSON.parse(text) as Answer) as T;
      // It had none of the memory that was new in the moment of the fork, and has done nothing: once more.
      if (attempt === ATTEMPTS) throw new Error(`${ATTEMPTS} copies of the process ended without an answer`);
    }
  }

  #pipe(): [from: number, to: number] {
    const ends: [number, number] = [0, 0];
    if (this.#c.pipe(ends) !== 0) throw new Error('pipe(2) failed: there are too many open files');
    return ends;
  }

  /** Never returns. Node's own way out waits for threads that a copy does not have. */
  async #liveAsCopy(work: () => Promise<unknown>, to: number): Promise<never> {
    // Not to live on alone.
    this.#c.prctl(PR_SET_PDEATHSIG, SIGKILL);
    const end = (answer: Answer): void => {
      writeFileSync(to, JSON.stringify(answer));
      this.#c.exit(0);
    };
    process.once('beforeExit', () => end({ error: 'the work waits for something that never comes' }));
    try {
      end({ value: await work() });
    } catch (error) {
      end({ error: messageOf(error) });
    }
    throw new Error('_exit(2) returned');
  }
}

function valueOf(answer: Answer): unknown {
  if ('error' in answer) throw new Error(answer.error);
  return answer.value;
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

/** In the flags of a mapping that a copy is not to have. https://docs.kernel.org/filesystems/proc.html */
const LEFT_OUT = Buffer.from(' dc ');
/** The second line of each mapping; the first has its addresses. */
const SECOND_LINE = Buffer.from('\nSize:');
/** So often is looked again for what has become new meanwhile. */
const LOOKS = 10;

/**
 * The memory of this process. V8 asks the kernel to leave its heap out of copies, as hardly any process makes one. While
 * it is asked for the contrary as little as possible is made on that heap: what is new would be left out again.
 */
class Mappings {
  readonly #text = Buffer.allocUnsafeSlow(8 * 1024 * 1024);

  /** Calls `keep` with the address and the length of each mapping that would be left out, until there is none. */
  keep(keep: (start: number, length: number) => void): void {
    for (let look = 0; look < LOOKS; look++) {
      const text = this.#text.subarray(0, this.#read());
      let at = text.indexOf(LEFT_OUT);
      if (at < 0) return;
      for (; at >= 0; at = text.indexOf(LEFT_OUT, at + 1)) {
        const end = text.lastIndexOf(SECOND_LINE, at);
        const line = text.toString('latin1', text.lastIndexOf('\n', end - 1) + 1, end);
        const [start = 0, stop = 0] = line.split(/[- ]/, 2).map((address) => parseInt(address, 16));
        keep(start, stop - start);
      }
    }
  }

  /** @returns how many bytes there are to read */
  #read(): number {
    const file = openSync('/proc/self/smaps', 'r');
    let end = 0;
    for (;;) {
      const length = readSync(file, this.#text, end, this.#text.length - end, null);
      if (length === 0) break;
      end += length;
    }
    closeSync(file);
    return end;
  }
}
