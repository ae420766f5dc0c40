import type { Connection, ConnectionHandler } from '../../../cluster/network/types.ts';
import { NetError } from '../../../cluster/network/types.ts';
import type { ProgramContext } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { Failure, UsageError } from '../errors.ts';
import { type Options, parseOptions } from '../options.ts';
import { addressOf, networkWords } from './addresses.ts';
import { serveProgram } from './nc-program.ts';

type End = 'closed' | NetError;

/** One connection, copied to standard output and from standard input. */
class Session {
  readonly ended: Promise<End>;
  readonly #context: ProgramContext;
  readonly #settle: (end: End) => void;
  #connection: Connection | undefined;
  #hasInputEnded = false;

  constructor(context: ProgramContext) {
    const deferred = context.deferred<End>();
    this.#context = context;
    this.ended = deferred.promise;
    this.#settle = (end) => deferred.resolve(end);
  }

  handler(onOpen: (connection: Connection) => void): ConnectionHandler {
    return {
      open: (connection) => {
        this.#connection = connection;
        onOpen(connection);
      },
      data: (bytes) => this.#context.stdout.write(bytes),
      end: () => {
        this.#connection?.end();
        this.#settle('closed');
      },
      error: (error) => this.#settle(error),
    };
  }

  /** Sends standard input until it ends; the other side may still answer then. */
  async feed(command: Command, connection: Connection): Promise<void> {
    this.#connection = connection;
    for (let chunk = await command.stdin.read(); chunk !== undefined; chunk = await command.stdin.read()) {
      connection.write(chunk);
      await command.work(chunk.length);
    }
    if (!this.#hasInputEnded) connection.end();
    this.#hasInputEnded = true;
  }
}

/** `-e` must be last: what follows is a program with options of its own. */
function argumentsOf({ args }: Command): { readonly options: Options; readonly program: readonly string[] } {
  const at = args.indexOf('-e');
  const program = at < 0 ? [] : args.slice(at + 1);
  if (at >= 0 && program.length === 0) throw new UsageError("option requires an argument -- 'e'");
  return { options: parseOptions(at < 0 ? args : args.slice(0, at), 'lp:w:vznui:q:4k'), program };
}

/** `nc`: https://www.busybox.net/downloads/BusyBox.html#nc */
export const nc: Applet = async (command) => {
  const { options, program } = argumentsOf(command);
  if (options.has('u')) throw new Failure('UDP is not supported');
  if (options.has('l')) {
    if (program.length > 0) {
      const port = Number(options.value('p') ?? 0);
      // BusyBox' own way to say it, and that of netcat 1.10, which BusyBox may be built to understand.
      const forEver = options.letters.filter((letter) => letter === 'l').length > 1 || options.has('k');
      return listenFor(command, port, program, forEver);
    }
    return listen(command, Number(options.value('p') ?? options.operands.at(-1) ?? 0));
  }
  const [host, portText] = options.operands;
  if (host === undefined || portText === undefined) throw new UsageError();
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Failure(`bad port '${portText}'`);
  const ip = await addressOf(command, host);
  const isScan = options.has('z');
  const seconds = options.value('w');
  const session = new Session(command.context);
  const open = command.context.deferred<Connection>();
  const connection = command.context.net.connect(
    { ip, port },
    session.handler((opened) => {
      if (options.has('v')) command.context.stderr.write(`${host} (${ip}:${port}) open\n`);
      open.resolve(opened);
    }),
    seconds === undefined ? {} : { timeoutMs: Number(seconds) * 1000 },
  );
  const first = await Promise.race([open.promise, session.ended]);
  if (first instanceof NetError)
    throw refused(first, { host, ip, port, isLoud: options.has('v'), isScan, seconds });
  if (isScan) {
    connection.destroy();
    return 0;
  }
  void session.feed(command, connection);
  const end = await session.ended;
  if (end instanceof NetError) throw new Failure(networkWords(end));
  return 0;
};

function refused(
  error: NetError,
  about: {
    readonly host: string;
    readonly ip: string;
    readonly port: number;
    readonly isLoud: boolean;
    readonly isScan: boolean;
    readonly seconds: string | undefined;
  },
): Failure {
  if (about.isLoud) return new Failure(`${about.host} (${about.ip}:${about.port}): ${networkWords(error)}`);
  if (about.isScan) return new Failure('');
  if (error.code === 'ETIMEDOUT' && about.seconds !== undefined) return new Failure('timed out');
  return new Failure(`can't connect to remote host (${about.ip}): ${networkWords(error)}`);
}

async function listen(command: Command, port: number): Promise<number> {
  const { context } = command;
  if (port === 0) throw new UsageError();
  const done = context.deferred<undefined>();
  let isTaken = false;
  try {
    const listening = context.net.listenTcp(port, (connection) => {
      const session = new Session(context);
      if (isTaken) connection.destroy();
      else {
        isTaken = true;
        listening.close({ drain: true });
        void session.feed(command, connection);
        void session.ended.then(() => {
          done.resolve(undefined);
        });
      }
      const inner = session.handler(() => {});
      return { ...inner, end: () => endBoth(connection, inner) };
    });
  } catch (error) {
    throw new Failure(`bind: ${networkWords(error)}`);
  }
  await done.promise;
  return 0;
}

/**
 * Answers connections with a program: the first one, or one after the other for ever.
 * @returns the exit code of the program where it is only one
 */
async function listenFor(
  command: Command,
  port: number,
  args: readonly string[],
  forEver: boolean,
): Promise<number> {
  const { context } = command;
  if (port === 0) throw new UsageError();
  const done = context.deferred<number>();
  try {
    const listening = context.net.listenTcp(port, (connection) => {
      try {
        const { handler, ended } = serveProgram(command, args, connection);
        if (!forEver) {
          listening.close({ drain: true });
          void ended.then((code) => done.resolve(code));
        }
        return handler;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        command.warn(error.message);
        connection.end();
        if (!forEver) done.resolve(1);
        return { data: () => {}, end: () => {}, error: () => {} };
      }
    });
  } catch (error) {
    throw new Failure(`bind: ${networkWords(error)}`);
  }
  return done.promise;
}

function endBoth(connection: Connection, handler: ConnectionHandler): void {
  connection.end();
  handler.end();
}

/** `telnet`: a connection for typing into. */
export const telnet: Applet = async (command) => {
  const options = command.options('al:');
  const [host, portText = '23'] = options.operands;
  if (host === undefined) throw new UsageError();
  const ip = await addressOf(command, host);
  const session = new Session(command.context);
  const open = command.context.deferred<Connection>();
  const connection = command.context.net.connect(
    { ip, port: Number(portText) },
    session.handler((opened) => open.resolve(opened)),
  );
  const first = await Promise.race([open.promise, session.ended]);
  if (first instanceof NetError) {
    throw new Failure(`can't connect to remote host (${ip}): ${networkWords(first)}`);
  }
  command.context.stderr.write(
    `Connected to ${host}\n\nEntering character mode\nEscape character is '^]'.\n\n`,
  );
  void session.feed(command, connection);
  await session.ended;
  command.context.stderr.write('Connection closed by foreign host\n');
  return 1;
};
