import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../core/clock.ts';
import type { ClusterFault } from '../../cluster/cluster-faults.ts';
import { LOG_VERSION, readHeader } from '../../cluster/host/input-log.ts';
import type { OutsideChange } from '../../cluster/outside.ts';
import { PUBLIC_REGISTRY } from '../../images/public-registry.ts';
import { releases } from '../../images/releases.ts';
import type { ClusterRef, ClusterState } from '../provider.ts';
import { askControl } from './control.ts';
import { filesIn, readCredentials } from './files.ts';
import {
  createProcess,
  destroyProcess,
  type ProcessOptions,
  restartProcess,
  reviveProcess,
  stateOf,
} from './process.ts';
import { epochAlone, SETTLED_AFTER } from './set-up.ts';
import { createCredentials, type EmbeddedHeader, kubeconfigFor, namedNodes } from './spec.ts';

/** What a cluster that is no lab is made of. */
export interface AloneSpec {
  /** The first is the control plane, all others are workers. */
  readonly nodes: number;
  readonly seed: string;
  /** Of the API server; 0: any that is free. */
  readonly port: number;
  /** How far behind the wall the clock is from the start, in milliseconds. */
  readonly headroom: number;
}

/** A cluster that is no lab, as its folder and its process describe it. */
export interface AloneView {
  readonly name: string;
  readonly state: ClusterState;
  readonly nodes: readonly string[];
  readonly seed: string;
  readonly headroom: number;
  readonly startedAt: Date;
  /** `https://127.0.0.1:40123` */
  readonly server: string;
  readonly kubeconfig: string;
  /** Where its clock is; absent where it does not run. */
  readonly clock?: AloneClock;
}

/** A fault that is in it. */
export interface AloneFault {
  readonly fault: ClusterFault;
  /** In the cluster's time. */
  readonly since: Date;
  readonly until?: Date;
}

export interface AloneClock {
  readonly now: Date;
  /** How far behind the wall, in milliseconds; negative where it is ahead. */
  readonly behind: number;
}

/** Where releases of the shop can be pulled from: `registry.shop.test:5000/shop:1.4.2`. */
const REGISTRY = 'registry.shop.test:5000';

export const aloneRef = (name: string, folder: string): ClusterRef => ({
  provider: 'embedded',
  lab: name,
  folder,
  alone: true,
});

/** Starts the cluster in an empty folder: it is ready, and its clock runs. @throws BreakfixError */
export async function startAlone(
  ref: ClusterRef,
  spec: AloneSpec,
  options: ProcessOptions & { readonly signal?: AbortSignal },
): Promise<void> {
  const now = wallClock.now();
  const credentials = createCredentials(now);
  const roles = Array.from({ length: spec.nodes }, (_, index) => ({
    role: index === 0 ? ('control-plane' as const) : ('worker' as const),
  }));
  const names = Object.keys(releases);
  const header: EmbeddedHeader = {
    format: 'breakfix-inputs',
    version: LOG_VERSION,
    breakfix: options.version,
    seed: spec.seed,
    epoch: epochAlone(now.getTime(), spec.headroom),
    since: 0,
    alone: { headroom: spec.headroom },
    spec: {
      nodes: namedNodes(ref.lab, roles),
      images: names.map((release) => `shop.test/shop:${release}`),
      publicImages: true,
      registries: [
        { host: REGISTRY, repositories: { shop: Object.fromEntries(names.map((name) => [name, name])) } },
      ],
      ca: credentials.authority.certificate,
    },
  };
  await createProcess(ref, header, credentials, { ...options, port: spec.port });
  const { port } = readCredentials(ref.folder);
  writeFileSync(kubeconfigOf(ref), kubeconfigFor(ref.lab, credentials, port), { mode: 0o600 });
}

/** Makes sure that it runs: what has died comes back as it was. @throws BreakfixError where it cannot */
export async function reviveAlone(ref: ClusterRef, options: ProcessOptions): Promise<void> {
  await reviveProcess(ref, options);
}

/** What is left of it, without mending anything. */
export const stateOfAlone = (ref: ClusterRef): Promise<ClusterState> => stateOf(ref);

/** Ends it and takes away what was kept of it. Idempotent. */
export const stopAlone = (ref: ClusterRef): Promise<void> => destroyProcess(ref);

/** What is wrong with it outside the API. @throws NoLabProcess where it does not run */
export async function faultsOfAlone(ref: ClusterRef): Promise<readonly AloneFault[]> {
  const faults = await askControl(ref, 'faults');
  return faults.map(({ fault, since, until }) => ({
    fault,
    since: new Date(since / 1000),
    ...(until === undefined ? {} : { until: new Date(until / 1000) }),
  }));
}

/** Puts a fault in, or mends one. @throws Error in whose message the cluster says why that cannot be */
export async function changeAlone(ref: ClusterRef, change: OutsideChange): Promise<void> {
  await askControl(ref, 'change', change);
}

/** Where its nodes can pull from, by host. */
export function registriesOfAlone(ref: ClusterRef): string[] {
  const { spec } = readHeader(filesIn(ref.folder).log) as EmbeddedHeader;
  return [
    ...spec.registries.map(({ host }) => host),
    ...(spec.publicImages === true ? [PUBLIC_REGISTRY] : []),
  ];
}

/**
 * Starts the same cluster anew, where it was and for whom it was: same nodes, seed, port and credentials, nothing of
 * what was done. @throws BreakfixError
 */
export async function resetAlone(
  ref: ClusterRef,
  options: ProcessOptions & { readonly signal?: AbortSignal },
): Promise<void> {
  const header = readHeader(filesIn(ref.folder).log) as EmbeddedHeader;
  const epoch = epochAlone(wallClock.now().getTime(), header.alone?.headroom ?? 0);
  await restartProcess(ref, { ...header, breakfix: options.version, epoch }, options);
}

/** Moves its clock on by so many milliseconds: what would have happened in that time happens now. */
export async function advanceAlone(ref: ClusterRef, by: number): Promise<AloneClock> {
  const { now, behind } = await askControl(ref, 'advanceBy', by * 1000);
  return { now: new Date(now / 1000), behind: Math.round(behind / 1000) };
}

/** @throws LogError where the folder's log cannot be read */
export async function viewAlone(ref: ClusterRef): Promise<AloneView> {
  const { seed, epoch, alone, spec } = readHeader(filesIn(ref.folder).log) as EmbeddedHeader;
  const headroom = alone?.headroom ?? 0;
  const state = await stateOf(ref);
  return {
    name: ref.lab,
    state,
    nodes: spec.nodes.map(({ name }) => name),
    seed,
    headroom,
    startedAt: new Date(epoch / 1000 + SETTLED_AFTER + headroom),
    server: `https://127.0.0.1:${readCredentials(ref.folder).port}`,
    kubeconfig: kubeconfigOf(ref),
    ...(state === 'running' ? { clock: await clockOf(ref) } : {}),
  };
}

async function clockOf(ref: ClusterRef): Promise<AloneClock> {
  const { now, behind } = await askControl(ref, 'sync');
  return { now: new Date(now / 1000), behind: Math.round(behind / 1000) };
}

const kubeconfigOf = (ref: ClusterRef): string => join(ref.folder, 'kubeconfig');
