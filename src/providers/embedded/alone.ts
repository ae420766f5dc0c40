import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../core/clock.ts';
import { LOG_VERSION, readHeader } from '../../cluster/host/input-log.ts';
import { releases } from '../../images/releases.ts';
import type { ClusterRef, ClusterState } from '../provider.ts';
import { askControl } from './control.ts';
import { filesIn, readCredentials } from './files.ts';
import { createProcess, destroyProcess, type ProcessOptions, reviveProcess, stateOf } from './process.ts';
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

export interface AloneClock {
  readonly now: Date;
  /** How far behind the wall, in milliseconds; negative where it is ahead. */
  readonly behind: number;
}

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
      images: Object.keys(releases).map((release) => `shop.test/shop:${release}`),
      publicImages: true,
      registries: [],
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

/** Moves its clock on by so many milliseconds: what would have happened in that time happens now. */
export async function advanceAlone(ref: ClusterRef, by: number): Promise<AloneClock> {
  const { now, behind } = await askControl(ref.folder, 'advanceBy', by * 1000);
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
  const { now, behind } = await askControl(ref.folder, 'sync');
  return { now: new Date(now / 1000), behind: Math.round(behind / 1000) };
}

const kubeconfigOf = (ref: ClusterRef): string => join(ref.folder, 'kubeconfig');
