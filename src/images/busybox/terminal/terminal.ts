import { nothing } from '../../../cluster/runtime/pipe.ts';
import { ProcessInput, ProcessOutput } from '../../../cluster/runtime/streams.ts';
import type { InputStream, OutputStream, ProgramContext, Signal } from '../../../cluster/runtime/types.ts';
import { derive } from '../derive.ts';
import { decode, encode, joinBytes } from '../streams.ts';
import type { InputView, OutputView } from './views.ts';
import { unwrapInput, unwrapOutput } from './views.ts';

const INTERRUPT = 0x03;
const END_OF_FILE = 0x04;
const BACKSPACE = 0x08;
const TAB = 0x09;
const RETURN = 0x0d;
const NEWLINE = 0x0a;
const KILL_LINE = 0x15;
const SUSPEND = 0x1a;
const ERASE_WORD = 0x17;
const QUIT = 0x1c;
const DELETE = 0x7f;

/** Terminals by the streams of the runtime that they stand on, so that every process of a session finds its own. */
const terminals = new WeakMap<object, Terminal>();

interface SignalKey {
  readonly shown: string;
  readonly signal: Signal;
}

const SIGNAL_KEYS: ReadonlyMap<number, SignalKey> = new Map([
  [INTERRUPT, { shown: '^C', signal: 'SIGINT' }],
  [QUIT, { shown: '^\\', signal: 'SIGQUIT' }],
  [SUSPEND, { shown: '^Z', signal: 'SIGTSTP' }],
]);

interface Foreground {
  /** Processes whose families get the signals of keys; none: the host. */
  readonly pids: readonly number[];
  readonly mayStop: boolean;
  isInterrupted: boolean;
}

interface Reader {
  readonly pid: number;
  readonly deliver: (bytes: Uint8Array | undefined) => void;
}

/**
 * The kernel's side of a terminal (termios(3)): it echoes, edits lines and sends signals, or hands every key to a
 * program that wants them raw. The runtime has none, so the first busybox process of a session is its host.
 */
export class Terminal {
  /** Whether a program edits lines itself. */
  isRaw = false;
  /** Whether what is typed is shown, where the terminal edits lines. */
  echoes = true;
  readonly #host: ProgramContext;
  #foreground: Foreground = { pids: [], mayStop: false, isInterrupted: false };
  #background = new Set<number>();
  #line = '';
  /** Keys that nobody has read; lines where it is cooked; undefined is an end of file. */
  readonly #ready: (Uint8Array | undefined)[] = [];
  #readers: readonly Reader[] = [];

  constructor(host: ProgramContext) {
    this.#host = host;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    return this.#host.tty ?? { columns: 80, rows: 24 };
  }

  /** Whether a shell is there that continues who stops itself. */
  get mayStop(): boolean {
    return this.#foreground.mayStop;
  }

  /**
   * Who gets Ctrl-C from now on, and Ctrl-Z where a shell is there that may continue it.
   * @returns puts back who did before, and tells whether Ctrl-C was pressed
   */
  takeForeground(pids: readonly number[], mayStop: boolean): () => boolean {
    const before = this.#foreground;
    const own = { pids, mayStop, isInterrupted: false };
    this.#foreground = own;
    return () => {
      this.#foreground = before;
      return own.isInterrupted;
    };
  }

  /** Whoever reads gets every key as it is pressed, for as long as `work` takes. */
  raw<T>(work: () => Promise<T>): Promise<T> {
    return this.#as(true, work);
  }

  /** Others have it as it was before a program wanted every key, for as long as `work` takes. */
  cooked<T>(work: () => Promise<T>): Promise<T> {
    return this.#as(false, work);
  }

  async #as<T>(isRaw: boolean, work: () => Promise<T>): Promise<T> {
    const before = this.isRaw;
    this.isRaw = isRaw;
    try {
      return await work();
    } finally {
      this.isRaw = before;
    }
  }

  /** A job that Ctrl-C does not reach, though its parent may be in the foreground. */
  addBackground(pid: number): void {
    this.#background.add(pid);
  }

  /** Reads keys from the client for as long as the session lasts. */
  async pump(): Promise<void> {
    for (;;) {
      const bytes = await this.#host.stdin.read();
      if (bytes === undefined) break;
      this.#receive(bytes);
    }
    this.#signalForeground('SIGHUP');
    this.#host.processes.kill(this.#host.pid, 'SIGHUP');
    this.#deliver(undefined);
  }

  /** What a program reads: a line, or keys where it is raw. */
  read(context: ProgramContext): Promise<Uint8Array | undefined> {
    if (this.#ready.length > 0) return Promise.resolve(this.#ready.shift());
    const waiting = context.deferred<Uint8Array | undefined>();
    const reader = { pid: context.pid, deliver: (bytes: Uint8Array | undefined) => waiting.resolve(bytes) };
    this.#readers = [...this.#readers, reader];
    return waiting.promise;
  }

  /** Puts keys back that belong to whoever reads next. */
  unread(bytes: Uint8Array): void {
    this.#ready.unshift(bytes);
  }

  #receive(bytes: Uint8Array): void {
    for (const [index, byte] of bytes.entries()) {
      // What a key starts may want the next ones raw.
      if (this.isRaw) {
        this.#deliver(bytes.subarray(index));
        return;
      }
      if (byte < 0x20 || byte === DELETE) this.#control(byte);
      else this.#type(bytes, index);
    }
  }

  /** A byte of text; those behind the first of a character in UTF-8 came with it. */
  #type(bytes: Uint8Array, index: number): void {
    const byte = bytes[index] ?? 0;
    if ((byte & 0xc0) === 0x80) return;
    let end = index + 1;
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end++;
    const text = decode(bytes.subarray(index, end));
    this.#line += text;
    this.#echo(text);
  }

  #control(byte: number): void {
    const signalled = SIGNAL_KEYS.get(byte);
    if (signalled !== undefined) {
      this.#signalKey(signalled);
      return;
    }
    switch (byte) {
      case RETURN:
      case NEWLINE:
        this.#echo('\r\n');
        this.#deliver(encode(`${this.#line}\n`));
        this.#line = '';
        break;
      case END_OF_FILE:
        this.#deliver(this.#line === '' ? undefined : encode(this.#line));
        this.#line = '';
        break;
      case BACKSPACE:
      case DELETE:
        this.#erase(1);
        break;
      case KILL_LINE:
        this.#erase(this.#line.length);
        break;
      case ERASE_WORD:
        this.#erase(/\S*\s*$/.exec(this.#line)?.[0].length ?? 0);
        break;
      default:
        this.#line += String.fromCharCode(byte);
        this.#echo(byte === TAB ? '\t' : `^${String.fromCharCode(byte + 0x40)}`);
    }
  }

  /** Takes away with it what was typed before and nobody has read. */
  #signalKey({ shown, signal }: SignalKey): void {
    this.#line = '';
    this.#ready.length = 0;
    this.#echo(shown);
    if (signal === 'SIGINT') this.#foreground.isInterrupted = true;
    if (signal !== 'SIGTSTP' || this.#foreground.mayStop) this.#signalForeground(signal);
  }

  #erase(count: number): void {
    const erased = Math.min(count, this.#line.length);
    this.#line = this.#line.slice(0, this.#line.length - erased);
    this.#echo('\b \b'.repeat(erased));
  }

  #echo(text: string): void {
    if (this.echoes) this.#host.stdout.write(text);
  }

  #deliver(bytes: Uint8Array | undefined): void {
    const states = new Map(this.#host.processes.list().map(({ pid, state }) => [pid, state]));
    this.#readers = this.#readers.filter(({ pid }) => states.has(pid));
    // Who is stopped reads when it goes on.
    const reader = this.#readers.find(({ pid }) => states.get(pid) !== 'T');
    if (reader !== undefined) {
      this.#readers = this.#readers.filter((other) => other !== reader);
      reader.deliver(bytes);
      return;
    }
    const last = this.#ready.at(-1);
    if (last === undefined || bytes === undefined || !this.isRaw) this.#ready.push(bytes);
    else this.#ready[this.#ready.length - 1] = joinBytes([last, bytes]);
  }

  #signalForeground(signal: Signal): void {
    const { pids } = this.#foreground;
    this.signalGroup(pids.length === 0 ? [this.#host.pid] : pids, signal);
  }

  /** To processes and all that they have started. */
  signalGroup(pids: readonly number[], signal: Signal): void {
    const targets = new Set(pids);
    for (const { pid, parent } of this.#host.processes.list()) {
      if (targets.has(parent) && !this.#background.has(pid)) targets.add(pid);
    }
    for (const pid of targets) this.#host.processes.kill(pid, signal);
  }
}

/** The terminal that a stream leads to, if it leads to one. */
export function terminalOf(stream: InputStream | OutputStream): Terminal | undefined {
  return terminals.get(keyOf(stream));
}

function keyOf(stream: InputStream | OutputStream): object {
  if ('behind' in stream) return keyOf((stream as InputView | OutputView).behind);
  if (stream instanceof ProcessInput) return stream.source;
  if (stream instanceof ProcessOutput) return stream.sink;
  return stream;
}

/**
 * The context as a program at a terminal has it. The first program of a session (`-t`) makes the terminal.
 * @returns the context itself where there is none
 */
export function withTerminal(context: ProgramContext): ProgramContext {
  if (context.tty === undefined) return context;
  if (isSessionLeader(context) && terminalOf(context.stdout) === undefined) attach(context);
  const behind = unwrapInput(context.stdin);
  const input = terminalOf(behind);
  const stdin: InputStream | InputView =
    input === undefined ? behind : { behind, read: () => input.read(context) };
  return derive(context, {
    stdin,
    stdout: viewOf(unwrapOutput(context.stdout)),
    stderr: viewOf(unwrapOutput(context.stderr)),
  });
}

/** Newlines become what a terminal needs to go to the start of a line. */
function viewOf(stream: OutputStream): OutputStream | OutputView {
  if (terminalOf(stream) === undefined) return stream;
  return {
    behind: stream,
    write: (data) => {
      stream.write(typeof data === 'string' ? data.replace(/\n/g, '\r\n') : withReturns(data));
    },
    end: () => stream.end(),
  };
}

function withReturns(bytes: Uint8Array): Uint8Array {
  const result: number[] = [];
  for (const byte of bytes) {
    if (byte === NEWLINE) result.push(RETURN);
    result.push(byte);
  }
  return Uint8Array.from(result);
}

function isSessionLeader(context: ProgramContext): boolean {
  return context.processes.list().some(({ pid, parent }) => pid === context.pid && parent === 0);
}

function attach(context: ProgramContext): void {
  const terminal = new Terminal(context);
  terminals.set(keyOf(context.stdout), terminal);
  terminals.set(keyOf(context.stderr), terminal);
  if (keyOf(context.stdin) === nothing) return;
  terminals.set(keyOf(context.stdin), terminal);
  void terminal.pump();
}
