import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { wallClock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import { connectKube } from '../../kube/connect.ts';
import type {
  Availability,
  Cluster,
  ClusterProvider,
  ClusterSpec,
  ClusterState,
  Fact,
  RegistryPlan,
} from '../provider.ts';
import { run, tryRun } from './commands.ts';
import { emptyCluster, remember } from './empty.ts';
import { removeNetwork, rememberNetwork } from './network.ts';
import { missingOn, removeImage, removePulled } from './node-images.ts';
import { nodesThatFit, waitForNodes } from './nodes.ts';
import { adoptKind, homeOf, type KindRef, kubeconfigOf, planKind, processOf, systemOf } from './ref.ts';
import {
  forgetRegistry,
  registryAccess,
  removeContainer,
  restoreRegistry,
  startRegistry,
  useRegistry,
} from './registry.ts';
import { buildShopImage } from './shop-images.ts';
import { readSystem, type SystemState } from './system.ts';

const FACTS: ReadonlySet<Fact> = new Set<Fact>(['ownsCluster', 'networkPolicy', 'registry', 'nodes']);

/** Clusters made by kind. https://kind.sigs.k8s.io */
export function kindProvider(): ClusterProvider {
  return {
    name: 'kind',
    facts: FACTS,
    slow: { nodesThatFit },
    availability,
    plan: planKind,
    create: (ref, spec, { signal }) => create(ref as KindRef, spec, signal),
    open: (ref) => open(ref as KindRef),
    state: (ref) => stateOf(ref as KindRef),
    destroy: (ref) => destroy(ref as KindRef),
    reuse: {
      release: (ref) => release(ref as KindRef),
      adopt: (released, spec) => adoptKind(released as KindRef, spec),
    },
  };
}

async function availability(): Promise<Availability> {
  const kind = await tryRun('kind', ['version']);
  if (kind.code !== 0) {
    return {
      available: false,
      reason: 'provider kind needs the program kind, which is not on the PATH',
      fix: 'install kind (https://kind.sigs.k8s.io/docs/user/quick-start/#installation), or take --provider embedded',
    };
  }
  const docker = await tryRun('docker', ['info', '--format', '{{.ServerVersion}}']);
  if (docker.code === 0) return { available: true };
  return {
    available: false,
    reason: `provider kind needs Docker, which does not answer: ${docker.stderr.trim().split('\n').at(-1) ?? ''}`,
    fix: 'start Docker, or take --provider embedded',
  };
}

/** Makes the cluster of a lab, or takes over the one that its reference was adopted from. */
async function create(ref: KindRef, spec: ClusterSpec, signal: AbortSignal): Promise<Cluster> {
  if (existsSync(kubeconfigOf(ref))) {
    try {
      return await takeOver(ref, spec, signal);
    } catch {
      signal.throwIfAborted();
      // Docker was restarted, or somebody has deleted it: it was only to save time.
      await destroy(ref);
    }
  }
  await rememberNetwork(ref.folder, signal);
  mkdirSync(homeOf(ref), { recursive: true, mode: 0o700 });
  return await furnish(ref, spec, signal, createNodes(ref, spec, signal));
}

/** Gives a cluster that was released what the new lab needs. */
async function takeOver(ref: KindRef, spec: ClusterSpec, signal: AbortSignal): Promise<Cluster> {
  const nodes = await nodesOf(ref);
  if (nodes.length < spec.nodes.length) throw new Error('not all of its nodes run');
  return await furnish(ref, spec, signal, removeStale(ref, nodes));
}

/**
 * Puts images and registries into a cluster, and connects; nothing holds on to it where that fails.
 * @param nodes resolves when they are as they should be
 */
async function furnish(
  ref: KindRef,
  spec: ClusterSpec,
  signal: AbortSignal,
  nodes: Promise<void>,
): Promise<Cluster> {
  const images = spec.images.map((image) =>
    buildShopImage(image, image.slice(image.lastIndexOf(':') + 1), signal),
  );
  await allOf(nodes, ...images);
  await allOf(loadImages(ref, spec.images, signal), addRegistries(ref, spec.registries, signal));
  const cluster = connect(ref);
  try {
    await waitForNodes(cluster.kube, wallClock, spec.nodes.length, signal);
    if (!existsSync(systemOf(ref)))
      writeFileSync(systemOf(ref), JSON.stringify(await readSystem(cluster.kube)));
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

async function removeStale({ stale }: KindRef, nodes: readonly string[]): Promise<void> {
  await allOf(
    ...nodes.map(async (node) => {
      for (const image of stale) await removeImage(node, image);
    }),
  );
}

/** Takes everything out that a lab has put into its cluster, its registries too. */
async function release(ref: KindRef): Promise<void> {
  await using cluster = connect(ref);
  await cluster.can.empty?.(new AbortController().signal);
  const nodes = await nodesOf(ref);
  for (const registry of ref.registries) {
    await removeContainer(registry.container);
    for (const node of nodes) await forgetRegistry(node, registry);
  }
}

/** Puts images of the engine on this machine on every node; kind takes seconds to see that they are there. */
async function loadImages(ref: KindRef, images: readonly string[], signal: AbortSignal): Promise<void> {
  // Without an image Docker and kind call it wrong use.
  if (images.length === 0) return;
  const inspected = await run('docker', ['image', 'inspect', '--format', '{{.Id}}', ...images], { signal });
  const ids = new Map(inspected.split('\n').map((id, index) => [images[index] ?? '', id]));
  const missing = await Promise.all((await nodesOf(ref)).map((node) => missingOn(node, ids)));
  const wanted = new Set(missing.flat());
  if (wanted.size > 0)
    await run('kind', ['load', 'docker-image', '--name', ref.cluster, ...wanted], { signal });
}

/** Waits for all of them also when one fails: nobody may go on making things while they are being removed. */
async function allOf(...works: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function createNodes(ref: KindRef, spec: ClusterSpec, signal: AbortSignal): Promise<void> {
  const flags = ['--name', ref.cluster, '--image', ref.image, '--kubeconfig', kubeconfigOf(ref)];
  await run('kind', ['create', 'cluster', ...flags, '--wait', '180s', '--config', '-'], {
    signal,
    input: configFor(spec),
    started: (pid) => writeFileSync(processOf(ref), String(pid)),
  });
  rmSync(processOf(ref), { force: true });
}

/** https://github.com/containerd/containerd/blob/main/docs/hosts.md */
const REGISTRIES_BY_HOST = `[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
`;

/**
 * containerd 2.3 reads every container's counters once a second, whether or not anybody asks: a quarter of what a lab costs
 * its machine. Kubelets count for themselves, unless the feature PodAndContainerStatsFromCRI is on. containerd warns of
 * settings that it does not know, and goes on.
 * https://github.com/containerd/containerd/pull/12629
 */
const FEWER_STATISTICS = `[plugins."io.containerd.cri.v1.runtime"]
  stats_collect_period = "1m"
`;

function configFor({ nodes }: ClusterSpec): string {
  return JSON.stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: nodes.map(({ role }) => ({ role })),
    containerdConfigPatches: [REGISTRIES_BY_HOST, FEWER_STATISTICS],
  });
}

/** One after the other: a mirror has the very images that were built for its original. */
async function addRegistries(
  ref: KindRef,
  plans: readonly RegistryPlan[],
  signal: AbortSignal,
): Promise<void> {
  const nodes = await nodesOf(ref, '--all');
  for (const [index, registry] of ref.registries.entries()) {
    const plan = plans[index];
    if (plan === undefined) throw new Error(`nothing is planned for the registry ${registry.host}`);
    await startRegistry(registry, plan, nodes[0] ?? '', signal);
    for (const node of nodes) await useRegistry(node, registry);
  }
}

/** @throws BreakfixError `lab` where its nodes are gone or stopped */
async function open(ref: KindRef): Promise<Cluster> {
  const state = await stateOf(ref);
  if (state === 'running' && existsSync(kubeconfigOf(ref))) return connect(ref);
  throw new BreakfixError({
    code: state === 'stopped' ? 'CLUSTER_STOPPED' : 'CLUSTER_GONE',
    kind: 'lab',
    message:
      state === 'stopped'
        ? `the containers of the kind cluster ${ref.cluster} are stopped, as after a restart of Docker`
        : `the kind cluster ${ref.cluster} of lab ${ref.lab} was never finished or has been deleted`,
    fix: `breakfix reset ${ref.lab} builds it anew, breakfix stop ${ref.lab} removes what is left`,
  });
}

function connect(ref: KindRef): Cluster {
  const kubeconfig = readFileSync(kubeconfigOf(ref), 'utf8');
  const kube = connectKube(kubeconfig);
  return {
    ref,
    kubeconfig,
    kube,
    clock: wallClock,
    facts: FACTS,
    version: versionOf(ref.image),
    can: {
      empty: async (signal) => {
        const system = JSON.parse(readFileSync(systemOf(ref), 'utf8')) as SystemState;
        await emptyCluster(kube, wallClock, system, signal);
        await restoreRegistries(ref);
      },
      remember: () => remember(kube, wallClock),
      registry: (host) => {
        const registry = ref.registries.find((one) => one.host === host);
        if (registry === undefined) return Promise.reject(new Error(`this cluster has no registry ${host}`));
        return registryAccess(registry);
      },
      node: (name) => ({ removeImage: (reference) => removeImage(name, reference) }),
    },
    [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose](),
  };
}

/** Every registry is as it was, and no node has anything of theirs. */
async function restoreRegistries(ref: KindRef): Promise<void> {
  for (const registry of ref.registries) await restoreRegistry(registry);
  const hosts = ref.registries.map(({ host }) => host);
  if (hosts.length > 0) for (const node of await nodesOf(ref)) await removePulled(node, hosts);
}

/** `kindest/node:v1.36.3@sha256:…` is Kubernetes 1.36.3. */
function versionOf(image: string): string {
  const version = /:v(\d+\.\d+\.\d+)/.exec(image)?.[1];
  return version === undefined ? image : `Kubernetes ${version}`;
}

/** Containers of the cluster's nodes by name; without `--all` those that run. */
async function nodesOf(ref: KindRef, ...flags: readonly string[]): Promise<readonly string[]> {
  const filter = ['--filter', `label=io.x-k8s.kind.cluster=${ref.cluster}`, '--format', '{{.Names}}'];
  return (await run('docker', ['ps', ...flags, ...filter])).split('\n').filter((name) => name !== '');
}

async function stateOf(ref: KindRef): Promise<ClusterState> {
  if ((await nodesOf(ref, '--all')).length === 0) return 'gone';
  return (await nodesOf(ref)).length === 0 ? 'stopped' : 'running';
}

async function destroy(ref: KindRef): Promise<void> {
  await endCreation(ref);
  for (const { container } of ref.registries) await removeContainer(container);
  // Docker may still be making a container that a creation just cut off had asked for.
  do {
    // Never the user's own kubeconfig: kind would look there without this flag.
    await run('kind', ['delete', 'cluster', '--name', ref.cluster, '--kubeconfig', kubeconfigOf(ref)]);
  } while ((await nodesOf(ref, '--all')).length > 0);
  await removeNetwork(ref.folder);
  rmSync(homeOf(ref), { recursive: true, force: true });
  removeIfEmpty(dirname(homeOf(ref)));
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Other clusters have their files there.
  }
}

/** A `kind create` that outlived its breakfix would go on making what is being removed. */
async function endCreation(ref: KindRef): Promise<void> {
  if (!existsSync(processOf(ref))) return;
  const pid = readFileSync(processOf(ref), 'utf8');
  const { stdout } = await tryRun('ps', ['-o', 'args=', '-p', pid]);
  // The number may have gone to another process since.
  if (stdout.includes(`--name ${ref.cluster} `)) await tryRun('kill', ['-9', pid]);
}
