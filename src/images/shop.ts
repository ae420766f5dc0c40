import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/package-root.ts';
import { normalName, replyTo } from '../cluster/dns/messages.ts';
import type { DnsCode, DnsMessage } from '../cluster/network/dns-message.ts';
import { type HttpRequest, NetError } from '../cluster/network/types.ts';
import type { Image, ProgramContext } from '../cluster/runtime/types.ts';
import { compileScript } from '../cluster/runtime/vm-program.ts';
import { busyboxFiles } from './busybox/image.ts';
import { releases } from './releases.ts';

/** The release knobs of the shop as they are baked into its image; see workload/src/release.ts. */
export type ReleaseKnobs = Readonly<Record<string, unknown>> & { readonly version: string };

/** Resident memory of an idle Node process, as the kernel charges it to a container. */
const NODE_BYTES = 22 * 1024 * 1024;

interface ShopModule {
  main(host: unknown): Promise<number>;
}

let instantiate: (() => unknown) | undefined;

/** The bundle, compiled once in a context that has no clock, timers or I/O of its own; every process a fresh module. */
function shopModule(): ShopModule {
  instantiate ??= compileScript(
    'shop',
    readFileSync(join(packageRoot, 'dist/shop/embedded.js'), 'utf8'),
    'program',
  );
  return instantiate() as ShopModule;
}

/**
 * The shop's image for the embedded cluster: the same files and the same source as workload/Dockerfile, with the
 * program in place of Node. As provider kind builds them, images of two names are two images.
 * @param reference `shop.test/shop:1.4.2`
 */
export function shopImage(reference: string, release: string): Image {
  const knobs: ReleaseKnobs = { version: release, ...releases[release] };
  const releaseFile = JSON.stringify(knobs);
  return {
    digest: `sha256:${createHash('sha256').update(`${reference} ${releaseFile}`).digest('hex')}`,
    sizeBytes: 78_712_345,
    config: {
      entrypoint: ['node', '/app/shop.mjs'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', NODE_VERSION: '24.21.0' },
      user: '1000:1000',
      workingDir: '/app',
    },
    files: [
      ...busyboxFiles(),
      {
        path: '/etc/passwd',
        content: 'root:x:0:0:root:/root:/bin/bash\nnode:x:1000:1000::/home/node:/bin/bash\n',
      },
      { path: '/etc/group', content: 'root:x:0:\nnode:x:1000:\n' },
      { path: '/usr/local/bin/node', mode: 0o755, program: node },
      { path: '/app/shop.mjs', mode: 0o644, content: '// the bundle of workload/src/node/main.ts\n' },
      { path: '/app/release.json', mode: 0o644, content: releaseFile },
    ],
  };
}

/** `node /app/shop.mjs …`; any other script does not exist in this image. */
async function node(context: ProgramContext): Promise<number> {
  const [, script, ...args] = context.args;
  if (script === '--version' || script === '-v') {
    context.stdout.write('v24.21.0\n');
    return 0;
  }
  if (script !== '/app/shop.mjs' && script !== 'shop.mjs') {
    context.stderr.write(`node: cannot find module '${script ?? ''}'\n`);
    return 1;
  }
  context.memory.allocate(NODE_BYTES);
  return shopModule().main(shopHost(context, args));
}

/** The shop's view of the world (workload/src/host.ts) on top of a program's context. */
function shopHost(context: ProgramContext, args: readonly string[]): unknown {
  const { net, files } = context;
  let peak = context.memory.used;
  return {
    args,
    env: context.env,
    hostname: context.hostname,
    now: () => context.clock.now(),
    sleep: (ms: number) => context.clock.sleep(ms),
    random: () => context.random.uint32() / 0x100000000,
    print: (line: string) => context.stdout.write(`${line}\n`),
    listen: (port: number, handler: (request: unknown) => Promise<ShopAnswer>) => {
      const listening = net.listenHttp(port, async (request) => {
        const answer = await handler(shopRequest(request));
        return { status: answer.status, headers: { ...answer.headers }, body: answer.body };
      });
      return Promise.resolve({ close: () => listening.close({ drain: true }) });
    },
    listenDns: (port: number, answer: (question: DnsMessage['question']) => Promise<ShopDnsAnswer>) => {
      const listening = net.listenDns(port, (query, _from, respond) => {
        const { name, type } = query.question;
        void answer({ name: normalName(name), type }).then((said) => respond(dnsReply(query, said)));
      });
      return Promise.resolve({ close: () => listening.close() });
    },
    call: async (address: string, options: CallOptions) => {
      const url = target(address);
      const { port, path } = url;
      const { method = 'GET', body = '', timeoutMs } = options;
      const headers = { host: url.host, ...options.headers };
      let ip = '';
      try {
        [ip = ''] = await net.lookup(url.hostname, { timeoutMs });
        return await net.http({ ip, port }, { method, path, headers, body }, { timeoutMs });
      } catch (error) {
        throw inNodesWords(error, { refusedBy: `${ip}:${port}`, lostAt: url.host });
      }
    },
    // Addresses of IPv4 only, as the Node server asks for them; calls look for both.
    lookup: (name: string) => net.lookup(name, { type: 'A' }),
    dial: async (name: string, port: number, timeoutMs: number) => {
      const done = context.deferred<undefined>();
      const lostAt = `${name}:${port}`;
      const [ip = ''] = await net.lookup(name, { timeoutMs }).catch((error: unknown) => {
        throw inNodesWords(error, { refusedBy: lostAt, lostAt });
      });
      const connection = net.connect(
        { ip, port },
        {
          open: () => done.resolve(undefined),
          data: () => {},
          end: () => {},
          error: (error) => done.reject(inNodesWords(error, { refusedBy: `${ip}:${port}`, lostAt })),
        },
        { timeoutMs },
      );
      await done.promise;
      connection.destroy();
    },
    /** @param server with a port, where it is not 53 */
    ask: async (server: string, timeoutMs: number, asked?: DnsMessage['question']) => {
      const question = asked ?? { name: 'kubernetes.default.svc.cluster.local', type: 'A' as const };
      const query = { id: context.random.between(0, 65_535), question, answers: [], authority: [] };
      const [ip = '', port = '53'] = server.split(':');
      let answer: DnsMessage;
      try {
        answer = await net.query({ ip, port: Number(port) }, 'UDP', query, { timeoutMs });
      } catch (error) {
        throw inNodesWords(error, { refusedBy: `${ip}:${port}`, lostAt: `${ip}:${port}` });
      }
      return asked === undefined ? [] : answersOf(answer);
    },
    files: {
      readText: (path: string) => files.readText(path),
      append: (path: string, text: string) => files.write(path, text, { append: true }),
      checkWritable: (folder: string) => {
        const marker = `${folder}/.writable`;
        files.write(marker, '');
        files.remove(marker);
      },
      exists: (path: string) => files.exists(path),
    },
    holdMemory: (bytes: number) => {
      context.memory.allocate(bytes);
      peak = Math.max(peak, context.memory.used);
      return { release: () => context.memory.free(bytes) };
    },
    residentBytes: () => context.memory.used,
    peakBytes: () => peak,
    spendCpu: (ms: number) => context.cpu.spend(ms * 1000),
    onTerminate: (handler: () => void) => {
      context.onSignal('SIGTERM', handler);
      context.onSignal('SIGINT', handler);
    },
    onHangUp: (handler: () => void) => context.onSignal('SIGUSR2', handler),
    hangUp: () => context.processes.kill(1, 'SIGUSR2'),
  };
}

interface ShopDnsAnswer {
  readonly code: DnsCode;
  readonly addresses: readonly string[];
  readonly ttl: number;
  readonly zone: string;
}

/** What workload/src/node/dns-server.ts writes into a packet. */
function dnsReply(query: DnsMessage, { code, addresses, ttl, zone }: ShopDnsAnswer): DnsMessage {
  const { name } = query.question;
  const soa = {
    name: zone,
    type: 'SOA' as const,
    ttl,
    data: `ns.${zone}. hostmaster.${zone}. 1 7200 1800 86400 ${ttl}`,
  };
  return replyTo(query, {
    code,
    answers: addresses.map((data) => ({ name: normalName(name), type: 'A', ttl, data })),
    authority: addresses.length > 0 || code === 'REFUSED' ? [] : [soa],
    authoritative: true,
  });
}

/** A path that is what it looks like, and no more. */
const PLAIN_PATH = /^(?:\/[\w-]+)+$/;

/** A request as the shop takes it. */
function shopRequest(request: HttpRequest): HttpRequest & { readonly query: URLSearchParams } {
  // Probes and the shop's own calls, that is nearly all, need no parser.
  if (PLAIN_PATH.test(request.path)) return { ...request, query: new URLSearchParams() };
  const url = new URL(request.path, 'http://shop');
  return { ...request, path: url.pathname, query: url.searchParams };
}

interface Target {
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
}

const targets = new Map<string, Target>();

/** The parts of a URL; the shop calls a handful of them again and again. @throws TypeError where it is none */
function target(address: string): Target {
  const known = targets.get(address);
  if (known !== undefined) return known;
  const { host, hostname, port, pathname, search } = new URL(address);
  const parts = { host, hostname, port: Number(port === '' ? '80' : port), path: pathname + search };
  if (targets.size < 1000) targets.set(address, parts);
  return parts;
}

interface ShopAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** What a name has of the type that was asked for, as Node's resolver gives it. @throws where there is no such name */
function answersOf({ code = 'NOERROR', question: { name, type }, answers }: DnsMessage): string[] {
  if (code !== 'NOERROR') {
    const word = code === 'NXDOMAIN' ? 'ENOTFOUND' : `E${code}`;
    throw Object.assign(new Error(`query${type.charAt(0)}${type.slice(1).toLowerCase()} ${word} ${name}`), {
      code: word,
    });
  }
  return answers.filter((answer) => answer.type === type).map(({ data }) => data.replace(/^.* |\.$/g, ''));
}

/**
 * Node names the call in front of the code: `connect ECONNREFUSED 10.96.0.12:80`. That it took too long, also to look
 * the name up, is said by the shop itself, with the name.
 */
function inNodesWords(error: unknown, at: { readonly refusedBy: string; readonly lostAt: string }): unknown {
  if (!(error instanceof NetError)) return error;
  if (error.code === 'ECONNRESET') return Object.assign(new Error('socket hang up'), { code: error.code });
  const place = error.code === 'ETIMEDOUT' ? at.lostAt : at.refusedBy;
  return Object.assign(new Error(`connect ${error.code} ${place}`), { code: error.code });
}
