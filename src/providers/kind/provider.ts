import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import { connectKube } from '../../kube/connect.ts';
import type {
  Availability,
  Cluster,
  ClusterProvider,
  ClusterRef,
  ClusterSpec,
  ClusterState,
  Fact,
  RegistryPlan,
} from '../provider.ts';
import { run, tryRun } from './commands.ts';
import { emptyCluster, readCorefile } from './empty.ts';
import { registryAccess, removeContainer, startRegistry, useRegistry } from './registry.ts';
import { buildShopImage } from './shop-images.ts';

/** A real Kubernetes: the node image that kind starts; another one by BREAKFIX_KIND_NODE_IMAGE. */
export const NODE_IMAGE = 'kindest/node:v1.36.3';

const FACTS: ReadonlySet<Fact> = new Set<Fact>(['ownsCluster', 'registry']);

interface KindRef extends ClusterRef {
  /** Name of the kind cluster. */
  readonly cluster: string;
  readonly registries: readonly { readonly host: string; readonly container: string }[];
}

/** Clusters made by kind. https://kind.sigs.k8s.io */
export function kindProvider(): ClusterProvider {
  return {
    name: 'kind',
    facts: FACTS,
    slow: true,
    availability,
    plan,
    create: (ref, spec, { signal }) => create(ref as KindRef, spec, signal),
    open: (ref) => Promise.resolve(connect(ref as KindRef)),
    state: (ref) => stateOf(ref as KindRef),
    destroy: (ref) => destroy(ref as KindRef),
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

/** Names are unique on this machine: labs of the same name in two state folders do not meet. */
function plan({ lab, folder, registries }: ClusterSpec): KindRef {
  const suffix = createHash('sha256').update(folder).digest('hex').slice(0, 6);
  const cluster = `breakfix-${lab}-${suffix}`;
  return {
    provider: 'kind',
    lab,
    folder,
    cluster,
    registries: registries.map(({ host }, index) => ({ host, container: `${cluster}-registry-${index}` })),
  };
}

const kubeconfigOf = (ref: KindRef): string => join(ref.folder, 'kind.kubeconfig');
const corefileOf = (ref: KindRef): string => join(ref.folder, 'corefile');
const networkMarkOf = (ref: KindRef): string => join(ref.folder, 'network-was-there');

async function create(ref: KindRef, spec: ClusterSpec, signal: AbortSignal): Promise<Cluster> {
  const network = await tryRun('docker', ['network', 'inspect', 'kind'], { signal });
  if (network.code === 0) writeFileSync(networkMarkOf(ref), '');
  const build = Promise.all(spec.images.filter(isShop).map((image) => buildShopImage(image, signal)));
  const image = process.env['BREAKFIX_KIND_NODE_IMAGE'] ?? NODE_IMAGE;
  await run(
    'kind',
    [
      'create',
      'cluster',
      '--name',
      ref.cluster,
      '--image',
      image,
      '--kubeconfig',
      kubeconfigOf(ref),
      '--wait',
      '180s',
      '--config',
      '-',
    ],
    { signal, input: configFor(spec) },
  );
  await build;
  const nodes = (await run('kind', ['get', 'nodes', '--name', ref.cluster]))
    .split('\n')
    .filter((name) => name !== '');
  await run('kind', ['load', 'docker-image', '--name', ref.cluster, ...spec.images], { signal });
  for (const [index, registry] of spec.registries.entries())
    await addRegistry(ref, index, registry, nodes, signal);
  const cluster = connect(ref);
  writeFileSync(corefileOf(ref), await readCorefile(cluster.kube));
  return cluster;
}

const isShop = (image: string): boolean => image.startsWith('shop.test/');

function configFor({ nodes }: ClusterSpec): string {
  return JSON.stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: nodes.map(({ role }) => ({ role })),
    containerdConfigPatches: [
      '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n',
    ],
  });
}

async function addRegistry(
  ref: KindRef,
  index: number,
  registry: RegistryPlan,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const container = ref.registries[index]?.container ?? '';
  await startRegistry(container, registry, signal);
  for (const node of nodes) await useRegistry(node, registry.host, container, signal);
}

function connect(ref: KindRef): Cluster {
  const path = kubeconfigOf(ref);
  if (!existsSync(path)) {
    throw new BreakfixError({
      code: 'CLUSTER_GONE',
      kind: 'lab',
      message: `the kind cluster ${ref.cluster} of lab ${ref.lab} was never finished or has been deleted`,
      fix: `breakfix stop ${ref.lab} removes what is left`,
    });
  }
  const kubeconfig = readFileSync(path, 'utf8');
  const kube = connectKube(kubeconfig);
  return {
    ref,
    kubeconfig,
    kube,
    clock: wallClock,
    facts: FACTS,
    version: 'Kubernetes of kind',
    can: {
      empty: () => emptyCluster(kube, wallClock, readFileSync(corefileOf(ref), 'utf8')),
      registry: (host) => {
        const container = ref.registries.find((registry) => registry.host === host)?.container;
        if (container === undefined) return Promise.reject(new Error(`this cluster has no registry ${host}`));
        return registryAccess(container);
      },
    },
    [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose](),
  };
}

async function stateOf(ref: KindRef): Promise<ClusterState> {
  const all = await tryRun('docker', [
    'ps',
    '--all',
    '--quiet',
    '--filter',
    `label=io.x-k8s.kind.cluster=${ref.cluster}`,
  ]);
  if (all.code !== 0 || all.stdout.trim() === '') return 'gone';
  const running = await tryRun('docker', [
    'ps',
    '--quiet',
    '--filter',
    `label=io.x-k8s.kind.cluster=${ref.cluster}`,
  ]);
  return running.stdout.trim() === '' ? 'stopped' : 'running';
}

async function destroy(ref: KindRef): Promise<void> {
  for (const { container } of ref.registries) await removeContainer(container);
  const path = kubeconfigOf(ref);
  // Never the user's own kubeconfig: kind would look there without this flag.
  await run('kind', ['delete', 'cluster', '--name', ref.cluster, '--kubeconfig', path]);
  if (!existsSync(networkMarkOf(ref))) {
    // Docker refuses while something is attached, which is what we want.
    await tryRun('docker', ['network', 'rm', 'kind']);
  }
  rmSync(path, { force: true });
  rmSync(networkMarkOf(ref), { force: true });
}
