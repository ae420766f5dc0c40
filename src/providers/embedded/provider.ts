import { readFileSync, writeFileSync } from 'node:fs';
import { wallClock } from '../../core/clock.ts';
import { LOG_VERSION, readLog } from '../../cluster/host/input-log.ts';
import type { OutsideChange } from '../../cluster/outside.ts';
import { connectKube } from '../../kube/connect.ts';
import type { Cluster, ClusterProvider, ClusterRef, ClusterSpec, ReplayOptions } from '../provider.ts';
import { askControl, askCopy } from './control.ts';
import { filesIn, readCredentials } from './files.ts';
import type { LocalOptions } from './local-cluster.ts';
import { createProcess, destroyProcess, type ProcessOptions, reviveProcess, stateOf } from './process.ts';
import { nodeAccess, registryAccess } from './registries.ts';
import { backdate, epochFor } from './set-up.ts';
import {
  createCredentials,
  type Credentials,
  EMBEDDED_FACTS,
  EMBEDDED_VERSION,
  type EmbeddedHeader,
  kubeconfigFor,
  namedNodes,
} from './spec.ts';

export interface EmbeddedOptions extends ProcessOptions {
  /**
   * `process`: a lab outlives the command that starts it. `local`: everything in this process, for `verify`.
   */
  readonly mode: 'process' | 'local';
}

/** The simulated Kubernetes: nothing but Node is needed. */
export function embeddedProvider(options: EmbeddedOptions): ClusterProvider {
  return {
    name: 'embedded',
    facts: EMBEDDED_FACTS,
    availability: () => Promise.resolve({ available: true }),
    plan: ({ lab, folder }) => ({ provider: 'embedded', lab, folder }),
    create: (ref, spec, { signal }) =>
      options.mode === 'local' ? createLocal(ref, spec, options) : createLab(ref, spec, options, signal),
    open: async (ref) => processCluster(ref, await reviveProcess(ref, options)),
    replay: (ref, _spec, log, { upTo }) => replay(ref, log, upTo),
    state: (ref) => stateOf(ref),
    destroy: (ref) => destroyProcess(ref),
  };
}

function headerFor(spec: ClusterSpec, credentials: Credentials, options: EmbeddedOptions): EmbeddedHeader {
  return {
    format: 'breakfix-inputs',
    version: LOG_VERSION,
    breakfix: options.version,
    seed: spec.seed,
    epoch: epochFor(wallClock.now().getTime(), spec.since),
    since: spec.since,
    spec: {
      nodes: namedNodes(spec.lab, spec.nodes),
      images: spec.images,
      registries: spec.registries,
      ca: credentials.authority.certificate,
    },
  };
}

/** The cluster's own code is loaded where a cluster is to run in this process: most commands only ask one. */
async function startLocal(options: LocalOptions): Promise<Cluster> {
  const { LocalCluster } = await import('./local-cluster.ts');
  return LocalCluster.start(options);
}

function createLocal(ref: ClusterRef, spec: ClusterSpec, options: EmbeddedOptions): Promise<Cluster> {
  const credentials = createCredentials(wallClock.now());
  return startLocal({ ref, header: headerFor(spec, credentials, options), credentials });
}

async function createLab(
  ref: ClusterRef,
  spec: ClusterSpec,
  options: EmbeddedOptions,
  signal: AbortSignal,
): Promise<Cluster> {
  const credentials = createCredentials(wallClock.now());
  const header = headerFor(spec, credentials, options);
  await createProcess(ref, header, credentials, { ...options, signal });
  return processCluster(ref, header);
}

/** The log of another lab as a cluster of this process; how far, `upTo` says. */
function replay(ref: ClusterRef, text: string, upTo: ReplayOptions['upTo']): Promise<Cluster> {
  const { log: path } = filesIn(ref.folder);
  writeFileSync(path, text, { mode: 0o600 });
  const { header, records } = readLog(path);
  const handOver = records.findIndex(({ input }) => input.type === 'live');
  // After the hand-over there is only the learner, who has the API and nothing else.
  if (handOver !== -1 && records.slice(handOver).some(({ input }) => input.type === 'outside')) {
    throw new Error('it changes registries or nodes, which a learner cannot');
  }
  const count = {
    start: 0,
    'hand-over': handOver === -1 ? records.length : handOver + 1,
    end: records.length,
  }[upTo];
  return startLocal({
    ref,
    header: header as EmbeddedHeader,
    credentials: createCredentials(wallClock.now()),
    records: records.slice(0, count),
  });
}

/** A lab's cluster seen from another process. */
async function processCluster(ref: ClusterRef, header: EmbeddedHeader): Promise<Cluster> {
  const credentials = readCredentials(ref.folder);
  const kubeconfig = kubeconfigFor(ref.lab, credentials, credentials.port);
  const kube = connectKube(kubeconfig);
  let { now, live } = await askControl(ref, 'sync');
  const advanceTo = async (at: number): Promise<void> => {
    ({ now } = await askControl(ref, 'advanceTo', at));
  };
  const change = async (what: OutsideChange): Promise<void> => {
    await askControl(ref, 'change', what);
  };
  return {
    ref,
    kubeconfig,
    kube,
    facts: EMBEDDED_FACTS,
    version: EMBEDDED_VERSION,
    clock: {
      now: () => (live ? wallClock.now() : new Date(now / 1000)),
      wait: async (ms, signal) => {
        if (live) return wallClock.wait(ms, signal);
        signal?.throwIfAborted();
        ({ now } = await askControl(ref, 'sync'));
        return advanceTo(now + ms * 1000);
      },
    },
    can: {
      onCopy: (question, signal) => askCopy(ref, question, signal),
      backdate: async (since) => {
        ({ now } = await askControl(ref, 'sync'));
        await backdate(header, now, since, advanceTo);
      },
      goLive: async () => {
        ({ now } = await askControl(ref, 'goLive'));
        live = true;
      },
      registry: (host) => Promise.resolve(registryAccess(header.spec, host, change)),
      node: (name) => nodeAccess(name, change),
      inputs: async () => {
        await askControl(ref, 'mark');
        return readFileSync(filesIn(ref.folder).log, 'utf8');
      },
    },
    [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose](),
  };
}
