import type { Clock } from '../../core/clock.ts';
import { createCluster, type EmbeddedCluster, signerOf } from '../../cluster/cluster.ts';
import { Host, type WallTime } from '../../cluster/host/host.ts';
import type { InputRecord } from '../../cluster/host/inputs.ts';
import { type ApiListener, startServer } from '../../cluster/wire/server.ts';
import type { Image } from '../../cluster/runtime/types.ts';
import { publicRegistry } from '../../images/public-images.ts';
import { shopImage } from '../../images/shop.ts';
import { toolImages } from '../../images/tools.ts';
import type { Credentials, EmbeddedHeader, EmbeddedSpec } from './spec.ts';

/** A running embedded cluster of this process: the simulation, its host, and the HTTPS server in front. */
export interface Instance extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly host: Host;
  readonly listener: ApiListener;
  /** Whether the log that it was made from was live at its end. */
  readonly wasLive: boolean;
  /** How far its clock was behind the wall then, in microseconds. */
  readonly behind: number;
}

export interface InstanceOptions {
  readonly header: EmbeddedHeader;
  readonly credentials: Credentials;
  /** Inputs to replay before the first request is taken. */
  readonly records?: readonly InputRecord[];
  /** Where new inputs go. */
  readonly record?: (record: InputRecord) => void;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Told of a part of the cluster that threw in an event: a bug, after which the lab goes on. */
  readonly onError?: (error: unknown, owner: string) => void;
}

/**
 * Makes the cluster of a header, replays the records, and listens on loopback.
 * @throws ReplayError where the records do not fit this version
 */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { header, credentials, records = [], record = () => {}, port = 0, onError = warn } = options;
  const cluster = clusterOf(header);
  cluster.simulation.onError = onError;
  const host = new Host(cluster, record);
  const { live, behind } = await host.replay(records);
  const listener = await startServer({ handler: host, ...listenWith(header, credentials, port) });
  return {
    cluster,
    host,
    listener,
    wasLive: live,
    behind,
    [Symbol.asyncDispose]: async () => {
      host.close();
      await listener.close();
    },
  };
}

/** How the API server of a cluster listens: on loopback, on any free port where none is given. */
export function listenWith(
  header: Pick<EmbeddedHeader, 'seed' | 'epoch'>,
  { server, authority }: Credentials,
  port = 0,
): Omit<Parameters<typeof startServer>[0], 'handler'> {
  return {
    certificate: server.certificate,
    key: server.key,
    ca: [authority.certificate, signerOf(header).certificate],
    host: '127.0.0.1',
    port,
  };
}

function warn(error: unknown, owner: string): void {
  process.emitWarning(`${owner}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}

/** The cluster of a header before its first input. */
export function clusterOf({ seed, epoch, spec }: EmbeddedHeader): EmbeddedCluster {
  return createCluster({ seed, epoch, ...partsOf(spec) });
}

function partsOf(spec: EmbeddedSpec): Omit<Parameters<typeof createCluster>[0], 'seed' | 'epoch'> {
  const images: Record<string, Image> = { ...toolImages() };
  for (const reference of spec.images) images[reference] = shopImage(reference, releaseOf(reference));
  return {
    nodes: spec.nodes,
    images,
    registries: [
      ...spec.registries.map(({ host, repositories, credentials, mirrorOf = host }) => ({
        host,
        repositories: mapValues(repositories, (tags, repository) =>
          mapValues(tags, (release, tag) => shopImage(`${mirrorOf}/${repository}:${tag}`, release)),
        ),
        ...(credentials === undefined ? {} : { credentials }),
      })),
      ...(spec.publicImages === true ? [publicRegistry()] : []),
    ],
    ca: spec.ca,
  };
}

/** `shop.test/shop:1.4.2` → `1.4.2`. */
function releaseOf(reference: string): string {
  return reference.slice(reference.lastIndexOf(':') + 1);
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

/** The clock of a cluster whose time is moved by hand: waiting moves it. */
export function manualClock(host: Pick<Host, 'now' | 'waitUntil'>): Clock {
  return {
    now: () => new Date(host.now / 1000),
    wait: (ms, signal) => host.waitUntil(host.now + Math.floor(ms * 1000), signal),
  };
}

/* eslint-disable no-restricted-globals, no-restricted-properties -- here virtual time meets the wall */
/** The host's clock for a live lab. */
export const wallTime: WallTime = {
  now: () => Date.now() * 1000,
  wakeAt: (at, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, at / 1000 - Date.now()), 0x7fffffff));
    return () => clearTimeout(timer);
  },
};
/* eslint-enable no-restricted-globals, no-restricted-properties */
