import { describe, expect, test } from '@jest/globals';
import type { NetworkStack } from '../../../../src/cluster/network/types.ts';
import type {
  ContainerConfig,
  ContainerExit,
  RuntimeContainer,
} from '../../../../src/cluster/runtime/container-types.ts';
import type { CreateLookup } from '../../../../src/cluster/runtime/program-network.ts';
import { createContainerRuntime } from '../../../../src/cluster/runtime/runtime.ts';
import type { Program, ProgramNetwork } from '../../../../src/cluster/runtime/types.ts';
import { LookupError } from '../../../../src/cluster/runtime/types.ts';
import { createWorld, type World } from '../network/support.ts';
import { imageOf, sleeper } from './lab.ts';

const GET = { method: 'GET', path: '/', headers: {}, body: '' };

/** Looks in /etc/hosts only. */
const hostsOnly: CreateLookup =
  ({ files, sleep }) =>
  async (name) => {
    await sleep(5);
    const line = files
      .readText('/etc/hosts')
      .split('\n')
      .find((each) => each.split(/\s+/).includes(name));
    const ip = line?.split(/\s+/)[0];
    if (ip === undefined) throw new LookupError('ENOTFOUND', name);
    return [ip];
  };

/** Two pods with a program each on the real network. */
class Pair {
  readonly world: World = createWorld();
  readonly server: NetworkStack;
  readonly client: NetworkStack;
  readonly exits: Record<string, ContainerExit> = {};
  log = '';
  readonly #runtime = createContainerRuntime({
    simulation: this.world.simulation,
    node: 'worker',
    cores: 2,
    memory: 2 ** 33,
    createLookup: (parts) => this.#lookup ?? hostsOnly(parts),
  });
  readonly #lookup: ProgramNetwork['lookup'] | undefined;

  constructor({ lookup }: { readonly lookup?: ProgramNetwork['lookup'] } = {}) {
    this.#lookup = lookup;
    this.server = this.world.addPod('server').stack;
    this.client = this.world.addPod('client').stack;
  }

  start(
    name: 'server' | 'client',
    program: Program,
    config: Partial<ContainerConfig> = {},
  ): RuntimeContainer {
    const container = this.#runtime.create({
      id: name.padEnd(64, '0'),
      pod: { namespace: 'shop', name, uid: name },
      sandbox: name,
      name,
      image: imageOf({ '/app': program }, [{ path: '/etc/hosts', content: `${this.server.ip}\tserver\n` }]),
      env: {},
      user: { uid: 0, gid: 0 },
      readOnlyRoot: false,
      mounts: [],
      limits: {},
      requests: {},
      network: this[name],
      hostname: name,
      tty: false,
      stdin: false,
      log: (_stream, bytes) => {
        this.log += new TextDecoder().decode(bytes);
      },
      ...config,
    });
    container.start((exit) => {
      this.exits[name] = exit;
    });
    return container;
  }
}

/** Calls the server once and says what came of it. */
const caller =
  (pair: Pair, timeoutMs?: number): Program =>
  async ({ net, stdout, clock }) => {
    const from = clock.now();
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    try {
      const answer = await net.http({ ip: pair.server.ip, port: 8080 }, GET, options);
      stdout.write(`${answer.status} ${answer.body}`);
    } catch (error) {
      stdout.write(`${(error as { code?: string }).code} after ${clock.now() - from} ms`);
    }
    return 0;
  };

describe('HTTP between programs', () => {
  test('is answered at once or later', async () => {
    const pair = new Pair();
    pair.start('server', async (context) => {
      let count = 0;
      context.net.listenHttp(8080, async (request, from) => {
        const reply = {
          status: 200,
          headers: {},
          body: `${request.path} ${from.ip === pair.client.ip} ${++count}`,
        };
        if (count > 1) return reply;
        await context.cpu.spend(2000);
        return reply;
      });
      return sleeper(context);
    });
    await pair.world.run(1);
    pair.start('client', caller(pair));
    await pair.world.run(1);
    expect(pair.log).toBe('200 / true 1');
    expect(pair.server.listening()).toEqual([{ protocol: 'tcp', ip: '::', port: 8080, pid: 1 }]);
  });

  test('is refused without a listener, also when its process has ended', async () => {
    const pair = new Pair();
    const server = pair.start('server', async (context) => {
      context.net.listenHttp(8080, () => ({ status: 200, headers: {}, body: '' }));
      return sleeper(context);
    });
    await pair.world.run(1);
    server.kill('SIGKILL');
    pair.start('client', caller(pair));
    await pair.world.run(1);
    expect(pair.log).toBe('ECONNREFUSED after 0 ms');
    expect(pair.server.listening()).toEqual([]);
  });

  test('is reset when the server dies in the middle of it', async () => {
    const pair = new Pair();
    const server = pair.start('server', async (context) => {
      context.net.listenHttp(8080, () => context.deferred<never>().promise);
      return sleeper(context);
    });
    await pair.world.run(1);
    pair.start('client', caller(pair));
    await pair.world.run(1);
    expect(pair.log).toBe('');
    server.kill('SIGKILL');
    await pair.world.run(1);
    expect(pair.log).toMatch(/^ECONNRESET after/);
  });

  test('times out when the caller says so', async () => {
    const pair = new Pair();
    pair.start('server', async (context) => {
      context.net.listenHttp(8080, () => context.deferred<never>().promise);
      return sleeper(context);
    });
    await pair.world.run(1);
    pair.start('client', caller(pair, 250));
    await pair.world.run(1);
    expect(pair.log).toBe('ETIMEDOUT after 250 ms');
    expect(pair.exits['client']?.code).toBe(0);
  });

  test.each([
    [
      'at once',
      () => {
        throw new RangeError('bad handler');
      },
    ],
    ['later', () => Promise.reject(new RangeError('bad handler'))],
  ])('a handler that throws %s ends its process', async (_when, handler) => {
    const pair = new Pair();
    pair.start('server', async (context) => {
      context.net.listenHttp(8080, handler);
      return sleeper(context);
    });
    await pair.world.run(1);
    pair.start('client', caller(pair));
    await pair.world.run(1);
    expect(pair.exits['server']).toEqual({ code: 1, oomKilled: false });
    expect(pair.log).toMatch(/^RangeError: bad handler\nECONNRESET/);
  });

  test('a port is taken once', async () => {
    const pair = new Pair();
    pair.start('server', (context) => {
      const answer = (): { status: number; headers: object; body: string } => ({
        status: 200,
        headers: {},
        body: '',
      });
      context.net.listenHttp(8080, answer as never).close();
      context.net.listenHttp(8080, answer as never);
      context.net.listenHttp(8080, answer as never);
      return Promise.resolve(0);
    });
    await pair.world.run(1);
    expect(pair.log).toMatch(/^NetError: EADDRINUSE/);
  });
});

describe('bytes between programs', () => {
  test('flow both ways, and a killed side resets the other', async () => {
    const pair = new Pair();
    const server = pair.start('server', async (context) => {
      context.net.listenTcp(9000, (connection) => ({
        data: (bytes) => {
          connection.write(new TextEncoder().encode(new TextDecoder().decode(bytes).toUpperCase()));
        },
        end: () => {
          connection.end();
        },
        error: () => {},
      }));
      return sleeper(context);
    });
    await pair.world.run(1);
    pair.start('client', async (context) => {
      const over = context.deferred<string>();
      context.net.connect(
        { ip: pair.server.ip, port: 9000 },
        {
          open: (connection) => {
            connection.write(new TextEncoder().encode('hello'));
          },
          data: (bytes) => context.stdout.write(bytes),
          end: () => over.resolve('end'),
          error: (error) => over.resolve(error.code),
        },
      );
      context.stdout.write(` ${await over.promise}`);
      return 0;
    });
    await pair.world.run(1);
    expect(pair.log).toBe('HELLO');
    server.kill('SIGKILL');
    await pair.world.run(1);
    expect(pair.log).toBe('HELLO ECONNRESET');
  });

  test('a connection that is not answered gives up after its time-out', async () => {
    const pair = new Pair();
    pair.start('client', async (context) => {
      const over = context.deferred<string>();
      const handler = {
        data: () => {},
        end: () => {},
        error: (error: { code: string }) => over.resolve(error.code),
      };
      context.net.connect({ ip: '10.244.9.9', port: 1 }, handler, { timeoutMs: 700 });
      const from = context.clock.now();
      context.stdout.write(`${await over.promise} ${context.clock.now() - from}`);
      return 0;
    });
    await pair.world.run(2);
    expect(pair.log).toBe('ETIMEDOUT 700');
  });

  test('a handler that throws ends its process', async () => {
    const pair = new Pair();
    pair.start('server', async (context) => {
      context.net.listenTcp(9000, () => {
        throw new Error('no');
      });
      return sleeper(context);
    });
    await pair.world.run(1);
    pair.start('client', async (context) => {
      const over = context.deferred<string>();
      const handler = {
        data: () => {},
        end: () => {},
        error: (error: { code: string }) => over.resolve(error.code),
      };
      context.net.connect({ ip: pair.server.ip, port: 9000 }, handler);
      context.stdout.write(await over.promise);
      return 0;
    });
    await pair.world.run(1);
    expect(pair.log).toBe('Error: no\nECONNRESET');
    expect(pair.exits['server']?.code).toBe(1);
  });
});

describe('names and pings', () => {
  test('a lookup is waited for no longer than its caller says', async () => {
    const pair = new Pair({ lookup: () => new Promise(() => {}) });
    pair.start('client', async ({ net, clock, stdout }) => {
      const begun = clock.now();
      await net.lookup('server', { timeoutMs: 250 }).catch((error: unknown) => {
        stdout.write(`${String(error)} after ${clock.now() - begun} ms`);
      });
      return 0;
    });
    await pair.world.run(1);
    expect(pair.log).toMatch(/ETIMEDOUT.* after 250 ms$/);
  });

  test('use the lookup that was given, with the files of the container', async () => {
    const pair = new Pair();
    pair.start('client', async ({ net, stdout }) => {
      stdout.write(
        `${(await net.lookup('server')).join()} ${(await net.ping(pair.server.ip)) !== undefined} ${net.ip}`,
      );
      await net.lookup('nowhere');
      return 0;
    });
    await pair.world.run(1);
    expect(pair.log).toBe(
      `${pair.server.ip} true ${pair.client.ip}LookupError: getaddrinfo ENOTFOUND nowhere\n`,
    );
    expect(pair.exits['client']?.code).toBe(1);
  });
});
