import type {
  Cluster,
  ClusterProvider,
  ClusterRef,
  ClusterSpec,
  CreateOptions,
  ReusePlan,
} from '../../../src/providers/provider.ts';
import type { PhaseName } from '../../../src/report/journal.ts';
import { FakeState, fakeKube, replayWrites } from './fake-kube.ts';
import { ManualClock } from './manual-clock.ts';

export interface FakeOptions {
  readonly name?: string;
  /** Clusters can be copied, and their clock is theirs (as `embedded`). On unless said otherwise. */
  readonly fork?: boolean;
  /** Clusters can be emptied (as `kind`); `fails`: not all of it goes away. */
  readonly empty?: boolean | 'fails';
  /** A cluster outlives its lab (as `kind`); `fails`: it cannot be released. */
  readonly reuse?: 'works' | 'fails';
  /** Clusters keep a log, and the provider replays it. */
  readonly logs?: boolean;
}

/** Clusters of nothing but objects, with the same clock for all. */
export class FakeProvider implements ClusterProvider {
  readonly name: string;
  readonly facts = new Set<never>();
  readonly clock = new ManualClock();
  /** By the lab that it was made for: what would be a process or containers. */
  readonly states = new Map<string, FakeState>();
  /** What was asked of it, in order: `create x`, `destroy x`, `open x`, `empty x`, `dispose x`. */
  readonly calls: string[] = [];
  /** Waits in this phase until the signal is aborted. */
  blockAt: { phase: PhaseName; signal: AbortSignal; reached: () => void } | undefined;
  failDestroy = false;
  readonly reuse?: ReusePlan;
  readonly #options: FakeOptions;

  constructor(options: FakeOptions = {}) {
    this.name = options.name ?? 'embedded';
    this.#options = options;
    if (options.logs !== true) this.replay = undefined as never;
    if (options.reuse !== undefined) this.reuse = this.#reusing(options.reuse);
  }

  availability(): Promise<{ available: true }> {
    return Promise.resolve({ available: true });
  }

  plan({ lab, folder }: ClusterSpec): ClusterRef {
    return { provider: this.name, lab, folder };
  }

  async create(ref: ClusterRef, spec: ClusterSpec, { signal }: CreateOptions): Promise<Cluster> {
    this.calls.push(`create ${ref.lab}`);
    const state = this.states.get(clusterOf(ref)) ?? new FakeState();
    this.states.set(clusterOf(ref), state);
    await this.#gate('cluster');
    signal.throwIfAborted();
    return this.#cluster(ref, state, `${JSON.stringify(head(spec))}\n`);
  }

  open(ref: ClusterRef): Promise<Cluster> {
    this.calls.push(`open ${ref.lab}`);
    const state = this.states.get(clusterOf(ref));
    if (state === undefined) return Promise.reject(new Error('the cluster is gone'));
    return Promise.resolve(this.#cluster(ref, state, `${JSON.stringify(HEADS.get(state) ?? {})}\n`));
  }

  state(ref: ClusterRef): Promise<'running' | 'gone'> {
    return Promise.resolve(this.states.has(clusterOf(ref)) ? 'running' : 'gone');
  }

  destroy(ref: ClusterRef): Promise<void> {
    this.calls.push(`destroy ${clusterOf(ref)}`);
    if (this.failDestroy) return Promise.reject(new Error('it does not go away'));
    this.states.delete(clusterOf(ref));
    return Promise.resolve();
  }

  #reusing(reuse: 'works' | 'fails'): ReusePlan {
    return {
      release: (ref) => {
        this.calls.push(`release ${clusterOf(ref)}`);
        if (reuse === 'fails') return Promise.reject(new Error('somebody has changed it for good'));
        this.states.get(clusterOf(ref))?.objects.clear();
        return Promise.resolve();
      },
      adopt: (released, { lab, folder }) => ({ ...released, lab, folder, cluster: clusterOf(released) }),
    };
  }

  replay(
    ref: ClusterRef,
    _spec: ClusterSpec,
    log: string,
    { upTo }: { upTo: 'start' | 'hand-over' | 'end' },
  ): Promise<Cluster> {
    const [first = '', ...lines] = log.trimEnd().split('\n');
    const live = lines.indexOf('"live"');
    const wanted = { start: [], 'hand-over': lines.slice(0, live), end: lines }[upTo];
    const state = new FakeState();
    replayWrites(
      state,
      wanted.filter((line) => line !== '"live"'),
    );
    return Promise.resolve(this.#cluster(ref, state, `${first}\n`));
  }

  #cluster(ref: ClusterRef, state: FakeState, header: string): Cluster {
    HEADS.set(state, JSON.parse(header));
    const { fork = true, empty = false, logs = false } = this.#options;
    const kube = fakeKube(state, (verb) => this.#gate(verb === 'apply' ? 'shop' : 'fault'));
    const { clock } = this;
    const waiting: Cluster['clock'] = {
      now: () => clock.now(),
      wait: async (ms, signal) => {
        await this.#gate('symptom');
        await clock.wait(ms, signal);
      },
    };
    return {
      ref,
      kubeconfig: 'apiVersion: v1\nkind: Config\n',
      kube,
      clock: waiting,
      facts: this.facts,
      version: 'Kubernetes 1.36 (fake)',
      can: {
        ...(fork
          ? {
              fork: () => Promise.resolve(this.#cluster(ref, state.copy(), header)),
              backdate: () => this.#gate('healthy'),
            }
          : {}),
        ...(empty !== false
          ? {
              empty: () => {
                this.calls.push(`empty ${ref.lab}`);
                if (empty === 'fails') return Promise.reject(new Error('a namespace does not go away'));
                state.objects.clear();
                return Promise.resolve();
              },
            }
          : {}),
        ...(logs
          ? {
              goLive: () => {
                state.log.push('"live"');
                return Promise.resolve();
              },
              inputs: () => Promise.resolve(`${header}${state.log.map((line) => `${line}\n`).join('')}`),
            }
          : {}),
      },
      [Symbol.asyncDispose]: () => {
        this.calls.push(`dispose ${ref.lab}`);
        return Promise.resolve();
      },
    };
  }

  /** Requests that are under way come to their end; what waits for time is told by its own signal. */
  async #gate(phase: PhaseName): Promise<void> {
    const block = this.blockAt;
    if (block?.phase !== phase || block.signal.aborted) return;
    block.reached();
    await new Promise((resolve) => block.signal.addEventListener('abort', resolve, { once: true }));
  }
}

/** That of the lab that it was made for. */
const clusterOf = (ref: ClusterRef): string => (ref['cluster'] as string | undefined) ?? ref.lab;

const HEADS = new WeakMap<FakeState, unknown>();

function head({ seed }: ClusterSpec): Record<string, unknown> {
  return { breakfix: '0.1.0', seed, epoch: 1_000_000 };
}
