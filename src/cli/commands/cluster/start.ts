import { BreakfixError } from '../../../core/errors.ts';
import {
  reviveAlone,
  startAlone,
  stateOfAlone,
  stopAlone,
  viewAlone,
} from '../../../providers/embedded/alone.ts';
import type { ClusterRef } from '../../../providers/provider.ts';
import { ClusterStore, DEFAULT_NAME } from '../../cluster/store.ts';
import { type SpecFlags, specFrom } from '../../cluster/flags.ts';
import { clusterDocument } from '../../cluster/texts.ts';
import { type CommandContext, processOptions } from '../../context.ts';
import { counted, shortTime } from '../../output.ts';

export interface StartClusterFlags extends SpecFlags {
  readonly name?: string;
}

/** `breakfix cluster start`: an embedded Kubernetes that is no lab; one that has died is brought back as it was. */
export async function startCluster(context: CommandContext, flags: StartClusterFlags): Promise<void> {
  const { output, clock, signal } = context;
  const begun = clock.now().getTime();
  const spec = specFrom(flags);
  const store = new ClusterStore();
  const name = flags.name ?? DEFAULT_NAME;
  using _lock = store.lock(name);
  const created = await newFolder(store, name);
  const options = { ...processOptions(context.version), signal };
  if (created === undefined) await bringBack(context, store.ref(name), flags);
  else {
    try {
      await startAlone(created, spec, options);
    } catch (error) {
      await stopAlone(created);
      store.remove(created);
      throw error;
    }
  }
  const view = await viewAlone(store.ref(name));
  const took = shortTime(clock.now().getTime() - begun);
  const how = created === undefined ? 'is back as it was' : 'is ready';
  output.note(
    `cluster ${name} ${how} after ${took}: Kubernetes 1.36, ${counted(view.nodes.length, 'node')}, seed ${view.seed}, ${view.server}`,
  );
  output.result(clusterDocument(view), `export KUBECONFIG=${view.kubeconfig}`);
}

/** @returns undefined where there is a cluster of that name */
async function newFolder(store: ClusterStore, name: string): Promise<ClusterRef | undefined> {
  const created = store.create(name);
  // What a start has left that was killed is in nobody's way.
  if (created !== undefined || (await stateOfAlone(store.ref(name))) !== 'gone') return created;
  await stopAlone(store.ref(name));
  store.remove(store.ref(name));
  return store.create(name);
}

/** @throws BreakfixError where it runs, or where another one than this was asked for */
async function bringBack(
  { version }: CommandContext,
  ref: ClusterRef,
  flags: StartClusterFlags,
): Promise<void> {
  const asked = Object.entries(flags).filter(
    ([flag, value]) => flag !== 'name' && flag !== 'json' && value !== undefined,
  );
  const state = await stateOfAlone(ref);
  if (state !== 'stopped' || asked.length > 0) {
    const stop = `breakfix cluster stop --name ${ref.lab}`;
    throw new BreakfixError({
      code: 'CLUSTER_EXISTS',
      kind: 'user',
      message:
        state === 'stopped'
          ? `there is a cluster ${ref.lab} already; its process has ended, and it would come back as it was`
          : `there is a cluster ${ref.lab} already`,
      fix:
        state === 'stopped'
          ? `breakfix cluster start --name ${ref.lab} brings it back; ${stop} removes it`
          : `--name with another one; ${stop} removes it`,
    });
  }
  await reviveAlone(ref, processOptions(version));
}
