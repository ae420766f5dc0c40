import type { Connection, ConnectionHandler } from '../../../cluster/network/types.ts';
import type { InputStream } from '../../../cluster/runtime/types.ts';
import type { Command } from '../command.ts';
import { errorWords, Failure } from '../errors.ts';

/** A program that talks over a connection. */
export interface Served {
  readonly handler: ConnectionHandler;
  /** Its exit code, once it has ended and all that it wrote was sent. */
  readonly ended: Promise<number>;
}

/**
 * `nc -e`: starts a program whose standard streams are the connection.
 * @throws Failure where it cannot be started
 */
export function serveProgram(command: Command, args: readonly string[], connection: Connection): Served {
  const { processes } = command.context;
  const [toProgram, fromProgram] = [processes.pipe(), processes.pipe()];
  const child = start(command, args, {
    stdin: toProgram.input,
    stdout: fromProgram.output,
    stderr: fromProgram.output,
  });
  fromProgram.output.end();
  const sent = send(fromProgram.input, connection);
  return {
    handler: {
      data: (bytes) => toProgram.output.write(bytes),
      end: () => toProgram.output.end(),
      error: () => toProgram.output.end(),
    },
    ended: child.exited.then(async (code) => {
      await sent;
      return code;
    }),
  };
}

type Streams = Parameters<Command['context']['processes']['spawn']>[1];

function start(
  { context }: Command,
  args: readonly string[],
  streams: Pick<Streams, 'stdin' | 'stdout' | 'stderr'>,
): NonNullable<ReturnType<Command['spawn']>> {
  const failure = (reason: string): Failure => new Failure(`can't execute '${args[0] ?? ''}': ${reason}`);
  let child;
  try {
    child = context.processes.spawn(args, { env: context.env, cwd: context.cwd, ...streams });
  } catch (error) {
    throw failure(errorWords(error));
  }
  if (child === undefined) throw failure('No such file or directory');
  return child;
}

async function send(from: InputStream, connection: Connection): Promise<void> {
  for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) connection.write(bytes);
  connection.end();
}
