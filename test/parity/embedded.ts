import { setImmediate, setTimeout } from 'node:timers/promises';
import { Host, type WallTime } from '../../src/cluster/host/host.ts';
import { startServer } from '../../src/cluster/wire/server.ts';
import { clusterOf, listenWith } from '../../src/providers/embedded/instance.ts';
import { createCredentials, type EmbeddedHeader, kubeconfigFor } from '../../src/providers/embedded/spec.ts';
import type { Ground } from './ground.ts';
import { Traffic } from './traffic.ts';

/** So far in the past a cluster starts, in microseconds: kubectl must not see the future. */
const HEADROOM = 40 * 60_000_000;
/** How old it is when a case begins. */
const GROWN_UP = 60_000;
/** A gap in the wall longer than this would be a laptop that slept. */
const STRIDE = 20_000_000;
/** A client that waits for nothing works or sleeps: time passes as on the wall, so many milliseconds at once. */
const PACE = 20;
/** What a command takes until its first request, in milliseconds of the cluster's time: about what it takes on kind. */
const START_UP = 120;

export interface EmbeddedGround extends Ground, AsyncDisposable {}

/** An embedded cluster of its own for one case: a live one, on a wall that only the case moves. */
export async function embeddedGround(name: string, nodes: number): Promise<EmbeddedGround> {
  const credentials = createCredentials(new Date());
  const start = Math.floor(Date.now() / 60_000) * 60_000_000 - HEADROOM;
  const header = headerOf(name, nodes, start, credentials.authority.certificate);
  const cluster = clusterOf(header);
  cluster.simulation.onError = (error, owner) => {
    throw new Error(`${owner} failed`, { cause: error });
  };
  const host = new Host(cluster);
  const traffic = new Traffic(host);
  const listener = await startServer({ handler: traffic, ...listenWith(header, credentials) });
  const wall = { at: start };
  const time: WallTime = { now: () => wall.at, wakeAt: () => () => {} };
  await host.goLive(time);

  /** Goes to the next event, or to `end` where there is none before. */
  const step = async (end: number): Promise<void> => {
    const next = cluster.simulation.nextAt() ?? end;
    wall.at = Math.max(wall.at, Math.min(next, end, wall.at + STRIDE));
    await host.sync();
  };
  const reach = async (end: number): Promise<void> => {
    while (wall.at < end) await step(end);
  };

  const ground: EmbeddedGround = {
    slack: 1,
    kubeconfig: kubeconfigFor('parity', credentials, listener.port),
    now: () => wall.at / 1000,
    pass: (milliseconds) => reach(wall.at + milliseconds * 1000),
    next: async (waited) => {
      const soonest = wall.at + Math.min(3000, Math.max(300, waited * 0.03)) * 1000;
      const end = wall.at + 5_000_000;
      const before = cluster.revision();
      while (wall.at < end && (wall.at < soonest || cluster.revision() === before)) await step(end);
    },
    accompany: async (ended, patience) => {
      let over = false;
      const done = ended.then(
        () => (over = true),
        () => (over = true),
      );
      await reach(wall.at + START_UP * 1000);
      const end = wall.at + patience.time * 1000;
      traffic.begin();
      const isOver = (): boolean => over;
      while (!isOver()) {
        if (wall.at >= end) {
          await Promise.race([done, setTimeout(patience.more, undefined, { ref: false })]);
          return isOver();
        }
        if (traffic.waits) {
          const seen = traffic.count;
          // Gives the process a turn now and then: the command may have ended.
          for (let steps = 0; steps < 200 && wall.at < end && traffic.count === seen; steps++)
            await step(end);
          await setImmediate();
        } else {
          const before = performance.now();
          await Promise.race([done, setTimeout(PACE)]);
          if (!isOver() && !traffic.busy)
            await reach(wall.at + Math.ceil((performance.now() - before) * 1000));
        }
      }
      return true;
    },
    [Symbol.asyncDispose]: async () => {
      host.close();
      await listener.close();
    },
  };
  await ground.pass(GROWN_UP);
  return ground;
}

function headerOf(name: string, nodes: number, epoch: number, ca: string): EmbeddedHeader {
  return {
    format: 'breakfix-inputs',
    version: 1,
    breakfix: 'parity',
    seed: name,
    epoch,
    since: 0,
    spec: {
      nodes: Array.from({ length: nodes }, (_, index) =>
        index === 0
          ? { name: 'parity-control-plane', role: 'control-plane' as const }
          : { name: `parity-worker${index === 1 ? '' : index}`, role: 'worker' as const },
      ),
      images: [],
      registries: [],
      ca,
    },
  };
}
