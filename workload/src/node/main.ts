/** The shop as a Node server: what the image runs. */
import { accessSync, appendFileSync, constants, existsSync, readFileSync } from 'node:fs';
import { lookup, Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallOptions,
  codeOf,
  type Listener,
  type ShopHost,
  type ShopRequest,
  type ShopResponse,
} from '../host.ts';
import { main } from '../shop.ts';
import { listenDns } from './dns-server.ts';

/**
 * Not imported: that reads all that the module has to export, which loads what fetch and WebSocket are made of. It was two
 * thirds of the processor time of a command in a pod, and a grade on a real cluster runs hundreds of them. A server imports
 * it when it listens: its memory is what the scenarios' limits were measured with.
 */
const { request } = process.getBuiltinModule('node:http');

/** In milliseconds. */
const DAY = 86_400_000;

const host: ShopHost = {
  args: process.argv.slice(2),
  env: process.env,
  hostname: hostname(),
  now: () => Date.now(),
  sleep: (ms) => sleep(ms),
  random: () => Math.random(),
  print: (line) => process.stdout.write(`${line}\n`),
  listen,
  listenDns,
  call,
  lookup: async (name) => (await lookup(name, { all: true, family: 4 })).map(({ address }) => address),
  dial,
  ask,
  files: {
    readText: (path) => readFileSync(path, 'utf8'),
    append: (path, text) => appendFileSync(path, text, { flush: true }),
    checkWritable: (folder) => accessSync(folder, constants.W_OK),
    exists: existsSync,
  },
  holdMemory: (bytes) => {
    // Filling touches every page: the kernel counts it as resident.
    const block = new Uint8Array(bytes).fill(1);
    // Moved into a buffer of no size, the memory goes back at once: not when the garbage collector comes to it.
    return { release: () => void block.buffer.transfer(0) };
  },
  residentBytes: () => process.memoryUsage.rss(),
  peakBytes: () => process.resourceUsage().maxRSS * 1024,
  spendCpu: (ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    return Promise.resolve();
  },
  onTerminate: (handler) => {
    process.once('SIGTERM', handler);
    process.once('SIGINT', handler);
  },
  onHangUp: (handler) =>
    process.once('SIGUSR2', () => {
      // Without its listener nothing keeps Node's event loop alive: the process would end instead of being stuck.
      setInterval(() => {}, DAY);
      handler();
    }),
  hangUp: () => process.kill(1, 'SIGUSR2'),
};

async function listen(
  port: number,
  handler: (request: ShopRequest) => Promise<ShopResponse>,
): Promise<Listener> {
  const { createServer } = await import('node:http');
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://shop');
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      );
      void handler({
        method: incoming.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }).then(({ status, headers: answerHeaders, body }) => {
        outgoing.writeHead(status, answerHeaders);
        outgoing.end(body);
      });
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      resolve({
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

function call(url: string, options: CallOptions): Promise<ShopResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: options.method ?? 'GET', headers: options.headers, agent: false, timeout: options.timeoutMs },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(timedOut(new URL(url).host)));
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

function dial(name: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: name, port, timeout: timeoutMs }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => socket.destroy(timedOut(`${name}:${port}`)));
    socket.on('error', reject);
  });
}

/** What c-ares says when nothing came back; every other error is an answer. */
const UNANSWERED = new Set(['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED']);

async function ask(
  server: string,
  timeoutMs: number,
  question?: { readonly name: string; readonly type: string },
): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([server]);
  try {
    if (question?.type === 'AAAA') return await resolver.resolve6(question.name);
    if (question?.type === 'PTR') return await resolver.resolvePtr(question.name);
    if (question?.type === 'SRV') return (await resolver.resolveSrv(question.name)).map(({ name }) => name);
    if (question?.type === 'TXT')
      return (await resolver.resolveTxt(question.name)).map((part) => part.join(''));
    if (question?.type === 'MX')
      return (await resolver.resolveMx(question.name)).map(({ exchange }) => exchange);
    return await resolver.resolve4(question?.name ?? 'kubernetes.default.svc.cluster.local');
  } catch (error) {
    const code = codeOf(error);
    if (UNANSWERED.has(code)) throw timedOut(server.includes(':') ? server : `${server}:53`);
    // The name is there, and has nothing of this type.
    if (question === undefined || code === 'ENODATA') return [];
    throw error;
  }
}

function timedOut(target: string): Error {
  return Object.assign(new Error(`connect ETIMEDOUT ${target}`), { code: 'ETIMEDOUT' });
}

process.exitCode = await main(host);
process.exit();
