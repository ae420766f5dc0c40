import { rmSync } from 'node:fs';
import type { Host } from '../../cluster/host/host.ts';
import { InputLogWriter, readLog } from '../../cluster/host/input-log.ts';
import { runningProgram } from '../../cluster/runtime/host-guard.ts';
import { type ControlMethods, controlPath, serveControl } from './control.ts';
import { Copies } from './copies.ts';
import {
  filesIn,
  lastAlive,
  markAlive,
  markStarting,
  readCredentials,
  stillAlive,
  writeCredentials,
} from './files.ts';
import { clusterOf, startInstance, wallTime } from './instance.ts';
import { onCopy, type WorkOnCopy } from './on-copy.ts';
import { SETTLED_AFTER } from './set-up.ts';
import type { EmbeddedHeader } from './spec.ts';

/** How often the process notes that it is alive, in milliseconds. */
const ALIVE_EVERY = 5_000;

export interface LabProcessOptions {
  /** Called when API and control socket answer. */
  readonly ready: (port: number) => void;
  /** What is done on copies of the lab is not of this layer, and loaded once the lab lives: none is graded before. */
  readonly loadWork: () => Promise<WorkOnCopy>;
}

/**
 * The main of a lab's background process: replays the lab's log, serves the API on the lab's port and the control
 * socket in its folder, until it is told to stop.
 */
export async function runLabProcess(folder: string, { ready, loadWork }: LabProcessOptions): Promise<void> {
  const files = filesIn(folder);
  process.on('unhandledRejection', (error) => report(error, `program ${runningProgram() ?? 'of nobody'}`));
  const lastSeen = lastAlive(folder) ?? wallTime.now() / 1000;
  markStarting(folder);
  const credentials = readCredentials(folder);
  const log = readLog(files.log);
  const header = log.header as EmbeddedHeader;
  const instance = await startInstance({
    header,
    credentials,
    records: log.records,
    record: (record) => {
      writer.append(record);
      copies.note(record);
    },
    port: credentials.port,
    onError: report,
  });
  // Only who has the port may write: of two processes that revive a lab at the same time one ends above.
  markAlive(folder, new Date(lastSeen));
  const writer = InputLogWriter.reopen(files.log, log);
  const { host, listener } = instance;
  const copies = new Copies({
    host,
    anew: () => {
      const cluster = clusterOf(header);
      cluster.simulation.onError = report;
      return cluster;
    },
    records: () => readLog(files.log).records,
  });
  let loading: Promise<WorkOnCopy> | undefined;
  const work = (): Promise<WorkOnCopy> =>
    (loading ??= loadWork().catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
  const follow = (): void => {
    // Nobody grades what is no lab, nor before it is handed over.
    if (header.alone !== undefined || !host.live) return;
    Promise.all([copies.follow(), work()]).catch((error: unknown) => report(error, 'copies'));
  };
  if (instance.wasLive) await host.resume(wallTime, Math.floor(lastSeen * 1000), instance.behind);
  else if (header.alone !== undefined) await settleAlone(host, header, header.alone);
  if (credentials.port !== listener.port) writeCredentials(folder, { ...credentials, port: listener.port });
  const beat = (): void => {
    stillAlive(folder, new Date(wallTime.now() / 1000));
    follow();
  };
  beat();
  // eslint-disable-next-line no-restricted-globals -- a heartbeat of the host, outside the lab's state
  const heartbeat = setInterval(beat, ALIVE_EVERY);

  const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
  const methods: ControlMethods = {
    sync: async () => ({ now: await host.sync(), live: host.live, behind: host.behind }),
    mark: async () => {
      await host.mark();
      return {};
    },
    advanceTo: async (at) => {
      await host.advanceTo(at);
      return { now: host.now };
    },
    advanceBy: async (by) => {
      await host.advanceBy(by);
      return { now: host.now, behind: host.behind };
    },
    goLive: async () => {
      await host.goLive(wallTime);
      // Who grades at once does not wait for all that a start has lived through.
      follow();
      return { now: host.now };
    },
    change: async (change) => {
      await host.change(change);
      return {};
    },
    faults: async () => {
      await host.sync();
      return instance.cluster.faults();
    },
    onCopy: async (question, signal) => {
      const working = await work();
      const lab = { folder, header, credentials, copies };
      try {
        return await onCopy(lab, (copy) => working(copy, question, signal));
      } finally {
        follow();
      }
    },
    stop: () => {
      stop(undefined);
      return Promise.resolve({});
    },
  };
  const control = await serveControl(folder, methods);
  process.once('SIGTERM', () => stop(undefined));
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  ready(listener.port);
  await stopped;
  clearInterval(heartbeat);
  control.close();
  await instance[Symbol.asyncDispose]();
  writer.close();
  rmSync(controlPath(folder), { force: true });
}

/** Lets a new cluster become ready before the clock follows the wall. */
async function settleAlone(
  host: Host,
  header: EmbeddedHeader,
  { headroom }: NonNullable<EmbeddedHeader['alone']>,
): Promise<void> {
  await host.advanceTo(header.epoch + SETTLED_AFTER * 1000);
  await host.goLive(wallTime, headroom * 1000);
}

/** A bug that the lab survives; it goes to the lab's own log. */
function report(error: unknown, owner: string): void {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${owner}: ${words}\n`);
}
