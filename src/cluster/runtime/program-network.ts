import type { DnsMessage } from '../network/dns-message.ts';
import type { ConnectionHandler, Listener, Listening, NetworkStack } from '../network/types.ts';
import { NetError } from '../network/types.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import type { Process } from './process.ts';
import { handlerFor, ProcessConnection } from './process-connection.ts';
import type { FileSystem, ProgramNetwork } from './types.ts';

const IGNORES: ConnectionHandler = { data: () => {}, end: () => {}, error: () => {} };

/** What a C library has for looking up names. Its promises are the process's own. */
export interface LookupParts {
  readonly query: ProgramNetwork['query'];
  readonly files: FileSystem;
  readonly sleep: (ms: number) => Promise<void>;
}

export type CreateLookup = (parts: LookupParts) => ProgramNetwork['lookup'];

/** The network as one process has it: what it opened is closed when it ends, and nothing calls back after that. */
export function createProgramNetwork(options: {
  readonly process: Process;
  readonly stack: NetworkStack;
  readonly simulation: Simulation;
  readonly files: FileSystem;
  readonly createLookup: CreateLookup;
  readonly sleep: (ms: number) => Promise<void>;
  readonly owner: string;
  readonly crash: (error: unknown) => void;
}): ProgramNetwork {
  const { process, stack, simulation, crash } = options;

  const listen = (port: number, listener: Listener, ip?: string): Listening => {
    process.mustBeAlive();
    const listening = stack.listen(port, listener, {
      pid: process.pid,
      ...(ip === undefined ? {} : { ip }),
    });
    process.atEnd(() => {
      listening.close();
    });
    return listening;
  };

  /** Calls code of the program; what it throws ends the process. */
  const guarded = (run: () => void): void => {
    if (!process.isAlive) return;
    simulation.wake();
    try {
      run();
    } catch (error) {
      crash(error);
    }
  };

  /** Hands what comes to the program; what it answers when it has ended is lost. */
  const answering =
    <T, F>(handler: (message: T, from: F, respond: (answer: T) => void) => void) =>
    (message: T, from: F, respond: (answer: T) => void): void => {
      guarded(() => {
        handler(message, from, (answer) => {
          if (process.isAlive) respond(answer);
        });
      });
    };

  /** @returns calls it off */
  const later = (afterMs: number | undefined, run: () => void): (() => void) => {
    if (afterMs === undefined) return () => {};
    return process.later<undefined>((done) => {
      const timer = simulation.after(afterMs * MILLISECOND, `${options.owner}/timeout`, () => {
        done(undefined);
      });
      return () => timer.cancel();
    }, run);
  };

  /** One exchange that ends with an answer, an error or a time-out. */
  const exchange = <T>(
    target: string,
    timeoutMs: number | undefined,
    start: (done: (result: T | NetError) => void) => () => void,
  ): Promise<T> =>
    process.wait<T>((resolve, reject) => {
      const cancelTimer = later(timeoutMs, () => {
        stop();
        reject(new NetError('ETIMEDOUT', target));
      });
      const stop = start((result) => {
        cancelTimer();
        if (result instanceof NetError) reject(result);
        else resolve(result);
      });
      return stop;
    });

  const query: ProgramNetwork['query'] = (to, protocol, message, { timeoutMs } = {}) =>
    exchange<DnsMessage>(`${to.ip}:${to.port}`, timeoutMs, (done) =>
      stack.query(to, protocol, message, done),
    );

  const lookUp = options.createLookup({ query, files: options.files, sleep: options.sleep });

  /** The C library goes on asking; its caller waits no longer. */
  const lookup: ProgramNetwork['lookup'] = (name, { timeoutMs, ...about } = {}) => {
    const found = lookUp(name, about);
    if (timeoutMs === undefined) return found;
    return process.wait((resolve, reject) => {
      const giveUp = later(timeoutMs, () => reject(new NetError('ETIMEDOUT', name)));
      void found.then(resolve, reject).finally(giveUp);
      return giveUp;
    });
  };

  return {
    ip: stack.ip,
    listenHttp: (port, handler, { ip, certificate } = {}) =>
      listen(
        port,
        {
          kind: 'http',
          ...(certificate !== undefined && { certificate }),
          handle: (request, from, respond) => {
            guarded(() => {
              // An object from another realm (a bundle in a vm context) is no instance of our Promise.
              void Promise.resolve(handler(request, from)).then((response) => {
                if (process.isAlive) respond(response);
              }, crash);
            });
          },
        },
        ip,
      ),
    listenTcp: (port, handler) =>
      listen(port, {
        kind: 'stream',
        handle: (connection, from) => {
          const own = new ProcessConnection(process, connection);
          let accepted: ConnectionHandler = IGNORES;
          guarded(() => {
            accepted = handler(own, from);
          });
          return handlerFor(accepted, () => own, guarded);
        },
      }),
    listenDns: (port, handler, { ip } = {}) =>
      listen(
        port,
        {
          kind: 'dns',
          handle: answering(handler),
        },
        ip,
      ),
    listenUdp: (port, handler, { ip } = {}) =>
      listen(
        port,
        {
          kind: 'datagram',
          handle: answering(handler),
        },
        ip,
      ),
    listening: () => stack.listening(),
    http: (to, request, { timeoutMs } = {}) =>
      exchange(`${to.ip}:${to.port}`, timeoutMs, (done) => stack.http(to, request, done)),
    connect: (to, handler, { timeoutMs } = {}) => {
      process.mustBeAlive();
      const inner = handlerFor(handler, () => own, guarded);
      const own: ProcessConnection = new ProcessConnection(
        process,
        stack.connect(to, {
          ...inner,
          open: (connection) => {
            giveUp();
            inner.open?.(connection);
          },
          error: (error) => {
            giveUp();
            inner.error(error);
          },
        }),
      );
      const giveUp = later(timeoutMs, () => {
        own.destroy();
        inner.error(new NetError('ETIMEDOUT', `${to.ip}:${to.port}`));
      });
      return own;
    },
    query,
    datagram: (to, bytes, { timeoutMs } = {}) =>
      exchange<Uint8Array>(`${to.ip}:${to.port}`, timeoutMs, (done) => stack.datagram(to, bytes, done)),
    ping: (ip) => process.wait((resolve) => stack.ping(ip, resolve)),
    lookup,
  };
}
