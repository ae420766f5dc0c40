import { Random } from '../../../../src/core/random.ts';
import type { DnsMessage, DnsType } from '../../../../src/cluster/network/dns-message.ts';
import { NetError, type NetworkStack } from '../../../../src/cluster/network/types.ts';
import {
  FileError,
  type Program,
  type ProgramContext,
  type Signal,
} from '../../../../src/cluster/runtime/types.ts';
import type { World } from '../network/support.ts';

export interface Running {
  /** Everything it wrote, line by line. */
  readonly lines: string[];
  readonly files: Map<string, string>;
  exit: number | undefined;
  signal(signal: Signal): void;
}

/** Runs a program on a stack with files of its own: as much of a runtime as a server needs. */
export function runProgram(
  world: World,
  stack: NetworkStack,
  program: Program,
  options: { args?: string[]; files?: Record<string, string> } = {},
): Running {
  const { simulation } = world;
  const files = new Map(Object.entries(options.files ?? {}));
  const handlers = new Map<Signal, () => void>();
  const running: Running = {
    lines: [],
    files,
    exit: undefined,
    signal: (signal) => {
      simulation.after(0, 'signal', () => {
        handlers.get(signal)?.();
        simulation.wake();
      });
    },
  };
  let partial = '';
  const output = {
    write: (data: string | Uint8Array) => {
      partial += typeof data === 'string' ? data : new TextDecoder().decode(data);
      const lines = partial.split('\n');
      partial = lines.pop() ?? '';
      running.lines.push(...lines);
    },
    end: () => {},
  };
  const context: Partial<ProgramContext> = {
    args: options.args ?? ['program'],
    stdout: output,
    stderr: output,
    files: fileSystem(files),
    clock: {
      now: () => Math.floor(simulation.now / 1000),
      sleep: (ms) => {
        const deferred = simulation.deferred<undefined>();
        simulation.after(ms * 1000, 'sleep', () => deferred.resolve(undefined));
        return deferred.promise;
      },
    },
    random: new Random('program'),
    memory: { allocate: () => {}, exhaust: () => {}, free: () => {}, used: 0 },
    net: programNetwork(world, stack),
    onSignal: (signal, handler) => handlers.set(signal, handler),
    deferred: () => simulation.deferred(),
  };
  void program(context as ProgramContext).then((code) => {
    running.exit = code;
  });
  simulation.wake();
  return running;
}

function fileSystem(files: Map<string, string>): ProgramContext['files'] {
  const isFolder = (path: string): boolean => [...files.keys()].some((file) => file.startsWith(`${path}/`));
  const reader: Partial<ProgramContext['files']> = {
    exists: (path) => files.has(path) || isFolder(path),
    list: (path) => {
      if (!isFolder(path)) throw new FileError('ENOENT', path);
      const inside = [...files.keys()].filter((file) => file.startsWith(`${path}/`));
      return [...new Set(inside.map((file) => file.slice(path.length + 1).split('/')[0] ?? ''))];
    },
    readText: (path) => {
      const text = files.get(path);
      if (isFolder(path)) throw new FileError('EISDIR', path);
      if (text === undefined) throw new FileError('ENOENT', path);
      return text;
    },
  };
  return reader as ProgramContext['files'];
}

export function programNetwork({ simulation }: World, stack: NetworkStack): ProgramContext['net'] {
  const net: Partial<ProgramContext['net']> = {
    ip: stack.ip,
    listenHttp: (port, handler, listenOptions) =>
      stack.listen(
        port,
        {
          kind: 'http',
          handle: (request, from, respond) => {
            simulation.wake();
            void Promise.resolve(handler(request, from)).then(respond);
          },
        },
        listenOptions,
      ),
    listenDns: (port, handler, listenOptions) =>
      stack.listen(
        port,
        {
          kind: 'dns',
          handle: (query, from, respond) => {
            simulation.wake();
            handler(query, from, respond);
          },
        },
        listenOptions,
      ),
    query: (to, protocol, query, { timeoutMs } = {}) => {
      const deferred = simulation.deferred<DnsMessage>();
      const cancel = stack.query(to, protocol, query, (result) => {
        timer?.cancel();
        if (result instanceof NetError) deferred.reject(result);
        else deferred.resolve(result);
      });
      const timer =
        timeoutMs === undefined
          ? undefined
          : simulation.after(timeoutMs * 1000, 'timeout', () => {
              cancel();
              deferred.reject(new NetError('ETIMEDOUT', `${to.ip}:${to.port}`));
            });
      return deferred.promise;
    },
  };
  return net as ProgramContext['net'];
}

/** Asks a server and gives its answer after `seconds`, or what kept it from answering. */
export async function ask(
  world: World,
  from: NetworkStack,
  server: string,
  question: { name: string; type: DnsType },
  {
    protocol = 'UDP',
    seconds = 0.1,
    id = 7,
  }: { protocol?: 'UDP' | 'TCP'; seconds?: number; id?: number } = {},
): Promise<DnsMessage | string> {
  let result: DnsMessage | string = 'pending';
  const query: DnsMessage = { id, question, answers: [], authority: [] };
  from.query({ ip: server, port: 53 }, protocol, query, (answer) => {
    result = answer instanceof NetError ? answer.code : answer;
  });
  await world.run(seconds);
  return result;
}

/** An answer in one line: `NOERROR a.test 30 A 10.0.0.1; …`, authority after `|`, additional after `+`. */
export function brief(answer: DnsMessage | string): string {
  if (typeof answer === 'string') return answer;
  const list = (records: DnsMessage['answers']): string =>
    records.map(({ name, ttl, type, data }) => `${name} ${ttl} ${type} ${data}`).join('; ');
  return [
    answer.code,
    list(answer.answers),
    answer.authority.length > 0 ? `| ${list(answer.authority)}` : '',
    answer.additional === undefined ? '' : `+ ${list(answer.additional)}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
