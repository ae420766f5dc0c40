import type { Interface } from 'node:readline';
import type { Socket } from 'node:net';
import { startServer } from '../../cluster/wire/server.ts';
import type { Host } from '../../cluster/host/host.ts';
import type { Copies } from './copies.ts';
import {
  type CopyAnswer,
  copyError,
  type CopyGreeting,
  type CopyQuestion,
  type FromClient,
  type Waits,
} from './copy-protocol.ts';
import { InProcessTransport } from './in-process-transport.ts';
import { listenWith, manualClock } from './instance.ts';
import { type Credentials, type EmbeddedHeader, kubeconfigFor } from './spec.ts';

/**
 * Serves one copy of the lab over a connection until that closes, and takes it back then.
 * @param lines of the connection, after the one that asked for a copy
 */
export async function serveCopy(
  copies: Pick<Copies, 'take' | 'giveBack'>,
  header: EmbeddedHeader,
  credentials: Credentials,
  socket: Socket,
  lines: Interface,
): Promise<void> {
  const copy = await copies.take();
  using _copy = { [Symbol.dispose]: () => copies.giveBack(copy) };
  const listener = await startServer({ handler: copy, ...listenWith(header, credentials) });
  await using _listener = { [Symbol.asyncDispose]: () => listener.close() };
  const kubeconfig = kubeconfigFor('copy', credentials, listener.port);
  await using transport = new InProcessTransport(copy, kubeconfig);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const say = (words: CopyAnswer | CopyGreeting): void => {
    if (socket.writable) socket.write(`${JSON.stringify(words)}\n`);
  };
  const running = new Map<number, AbortController>();
  const pace = new Pace();
  copy.movedBy(() => pace.untilTheyWait());
  lines.on('line', (line) => {
    const heard = JSON.parse(line) as FromClient;
    if ('waits' in heard) {
      pace.theyWait(heard);
      return;
    }
    const { id } = heard;
    if ('cancel' in heard) {
      running.get(id)?.abort();
      return;
    }
    pace.asked++;
    const stop = new AbortController();
    running.set(id, stop);
    void answer(copy, transport, heard, stop.signal)
      .then(
        (result) => ({ result }),
        (error: unknown) => ({ error: copyError(error) }),
      )
      .then((what) => {
        running.delete(id);
        pace.answered++;
        say({ id, now: copy.now, ...what });
      });
  });
  say({ now: copy.now, port: listener.port });
  if (!socket.destroyed) await closed;
  for (const stop of running.values()) stop.abort();
}

/** Keeps the time of a copy from running away from those who ask: what they ask next is on its way for a while. */
class Pace {
  asked = 0;
  answered = 0;
  #known: Waits['waits'] = { asked: 0, heard: 0 };
  #goOn: () => void = () => {};

  theyWait({ waits }: Waits): void {
    this.#known = waits;
    if (this.#isTrue()) this.#goOn();
  }

  async untilTheyWait(): Promise<void> {
    if (this.#isTrue()) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }

  /** Nothing was said since by either side. */
  #isTrue(): boolean {
    return this.#known.asked === this.asked && this.#known.heard === this.answered;
  }
}

async function answer(
  host: Host,
  transport: InProcessTransport,
  question: CopyQuestion,
  signal: AbortSignal,
): Promise<unknown> {
  switch (question.ask) {
    case 'request': {
      const { status, body } = await transport.request(question.path, question.options);
      return { status, body };
    }
    case 'exec':
      return transport.exec(question.path, { ...question.options, signal });
    case 'wait':
      return manualClock(host).wait(question.ms, signal);
    case 'change':
      return host.change(question.change);
  }
}
