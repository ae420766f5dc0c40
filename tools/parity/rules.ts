import type { Fact } from './record.ts';

/** Something that may differ between a real cluster and the embedded one: what of a fact is not compared. */
export interface Rule {
  /** As in the table of docs/fidelity.md. */
  readonly name: string;
  /** The fact without what may differ; undefined: it is not compared at all. */
  apply(fact: Fact, unsteady: Unsteady): Fact | undefined;
}

/** What is another thing at another moment, on both clusters. */
export interface Unsteady {
  /** Workloads (`shop/checkout`) of which a container was restarted, and whether one was killed for its memory. */
  readonly flapping: ReadonlyMap<string, boolean>;
  /** Whether a name is answered now rightly and now wrongly. */
  readonly answersVary: boolean;
  /** Whether of many customers only some are served. */
  readonly someAreServed: boolean;
  /** Whether nobody is behind the cluster's DNS. */
  readonly lookupsRefused: boolean;
  /** Whether somebody is sent to an address that nobody in the cluster has. */
  readonly leavesCluster: boolean;
}

/** A rule that changes texts, wherever they stand. */
const texts = (name: string, change: (text: string) => string): Rule => ({
  name,
  apply: (fact) => inTexts(fact, change),
});

function inTexts(fact: Fact, change: (text: string) => string): Fact {
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return change(value);
    if (Array.isArray(value)) return value.map(deep);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, deep(inner)]));
  };
  const says = deep(fact.says) as Record<string, unknown>;
  return { ...fact, about: change(fact.about), says };
}

/** Changes fields of the containers of a pod. */
function containers(fact: Fact, change: (container: Record<string, unknown>) => object): Fact {
  if (fact.kind !== 'pod') return fact;
  const changed = (fact.says['containers'] as Record<string, unknown>[]).map(change);
  return { ...fact, says: { ...fact.says, containers: changed } };
}

/** Letters and digits of generated names. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand */
const SAFE = '[bcdfghjklmnpqrstvwxz2456789]';

/** The closed list. */
export const rules: readonly Rule[] = [
  texts('times', (text) =>
    text
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
      .replaceAll(/\b(\d+h)?(\d+m)?\d+(\.\d+)?m?s\b/g, '<duration>')
      .replaceAll(/\b\d+(\.\d+)? m?s\b/g, '<duration>'),
  ),
  // Names of nodes end like names of pods, where their cluster's happens to: they come first.
  texts('addresses', (text) =>
    text
      .replaceAll(/\b(?!127\.)\d+\.\d+\.\d+\.\d+\b/g, '<address>')
      .replaceAll(/(<address>:\d+)->(<address>:\d+)/g, '<address>-><address>')
      .replaceAll(/\b[a-z0-9-]+-(control-plane|worker)\d*\b/g, '<node>'),
  ),
  texts('ids', (text) =>
    text
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
      .replaceAll(new RegExp(`-${SAFE}{8,10}-${SAFE}{5}(?![a-z0-9])`, 'g'), '-<hash>-<id>')
      .replaceAll(new RegExp(`-${SAFE}{8,10}\\b`, 'g'), '-<hash>')
      .replaceAll(new RegExp(`\\bfresh(-headless)?-${SAFE}{5}\\b`, 'g'), 'fresh$1-<id>')
      .replaceAll(/"charge":\{"id":\d+\}/g, '"charge":<id>')
      .replaceAll(/\b[0-9a-f]{64}\b/g, '<id>'),
  ),
  {
    name: 'images',
    apply: (fact) =>
      foundBesides.test(String(fact.says['message']))
        ? undefined
        : containers(textual(fact), ({ imageID: _digest, ...container }) => container),
  },
  {
    name: 'counts',
    apply: (fact) =>
      fact.kind === 'event'
        ? { ...fact, says: { ...fact.says, count: undefined } }
        : containers(fact, (container) => ({
            ...container,
            restartCount: Number(container['restartCount']) > 0,
          })),
  },
  { name: 'moment', apply: momentary },
  { name: 'chance', apply: byChance },
  { name: 'outside', apply: beyondNodes },
  {
    name: 'start-up',
    apply: (fact) =>
      fact.says['passing'] === true ||
      // The volume controller may see a claim before it sees the pod that was made with it, or after.
      fact.says['reason'] === 'WaitForFirstConsumer' ||
      /^Startup probe failed/.test(String(fact.says['message']))
        ? undefined
        : fact,
  },
  {
    name: 'cgroups',
    apply: (fact) => (fact.says['reason'] === 'CgroupV1' ? undefined : fact),
  },
];

const textual = (fact: Fact): Fact =>
  inTexts(fact, (text) => text.replaceAll(/Image size: \d+ bytes/g, 'Image size: <size>'));

/** Of two pods that start on a node one may find what the other has pulled. */
const foundBesides = /^Container image "[^"/]+:\d+\/[^"]+" already present on machine/;

/**
 * A container that is killed again and again is caught in another moment of that: its pod's state says only that, and
 * what others see of it at that moment is chance.
 */
function momentary(fact: Fact, { flapping }: Unsteady): Fact | undefined {
  const { kind, about, says } = fact;
  switch (kind) {
    case 'pod': {
      const all = says['containers'] as Record<string, unknown>[];
      if (!all.some(({ restartCount }) => restartCount === true))
        return containers(fact, (container) => ({ ...container, state: pulling(container['state']) }));
      const changed = containers(
        fact,
        ({ state: _state, ready: _ready, started: _started, ...rest }) => rest,
      );
      return { ...changed, says: { ...changed.says, conditions: 'of a pod that restarts' } };
    }
    case 'symptom':
    case 'check':
      if (flapping.size > 0 && 'seen' in says) return { ...fact, says: { status: says['status'] } };
      return inTexts(fact, (text) => text.replaceAll('ImagePullBackOff', 'ErrImagePull'));
    case 'probe':
      return flapping.size > 0 && /^(http|tcp) /.test(about) ? undefined : fact;
    case 'workload':
    case 'endpoints':
      return flapping.has(about.replace(/-<hash>$/, ''))
        ? { ...fact, says: { replicas: says['replicas'] } }
        : inTexts(fact, begun);
    case 'event': {
      // Nobody listens from the moment that the kernel kills until the kubelet has seen it.
      const workload = about.replace(/^Pod /, '').replace(/-<hash>-<id>$/, '');
      const gone = says['reason'] === 'Unhealthy' && /connection refused$/.test(String(says['message']));
      return gone && flapping.get(workload) === true ? undefined : fact;
    }
  }
}

/**
 * Where a name has several answers, or only some requests go well, a single one meets either: only how often is no chance. And a
 * kernel tells the same pod only so often a second that nobody is there: who is not told waits for his time-out.
 * https://docs.kernel.org/networking/ip-sysctl.html (icmp_ratelimit)
 */
function byChance(fact: Fact, unsteady: Unsteady): Fact | undefined {
  const { answersVary, someAreServed, lookupsRefused } = unsteady;
  if (lookupsRefused && fact.kind === 'symptom' && /EAI_AGAIN|\/pay$/.test(fact.about)) return undefined;
  if (someAreServed) {
    if (fact.kind === 'probe' && fact.about.endsWith('/pay')) return undefined;
    return inTexts(fact, (text) =>
      text.replaceAll(/\b\d+ × /g, '<count> × ').replace(/ after <duration>$/, ''),
    );
  }
  if (!answersVary) return fact;
  if (fact.kind === 'probe') return undefined;
  return (fact.kind === 'check' || fact.kind === 'symptom') && 'seen' in fact.says
    ? { ...fact, says: { status: fact.says['status'] } }
    : fact;
}

/** Whether such a connection is refused or never answered is up to the network around the nodes: only that it fails is not. */
function beyondNodes(fact: Fact, { leavesCluster }: Unsteady): Fact | undefined {
  if (!leavesCluster) return fact;
  if (fact.kind === 'probe') return /^(http|tcp) /.test(fact.about) && fails(fact) ? undefined : fact;
  return (fact.kind === 'check' || fact.kind === 'symptom') && fails(fact)
    ? { ...fact, says: { status: fact.says['status'] } }
    : fact;
}

/** Told of a connection that was refused or not answered in time. */
const fails = ({ says }: Fact): boolean => /ECONNREFUSED|ETIMEDOUT/.test(JSON.stringify(says));

/**
 * Of a rollout that stands still after its first pod: the controller has seen that pod come, or it was there when it
 * looked first.
 */
function begun(condition: string): string {
  return condition.replace(
    /^Progressing True NewReplicaSetCreated Created new replica set ("\S+")$/,
    'Progressing True ReplicaSetUpdated ReplicaSet $1 is progressing.',
  );
}

/** An image that cannot be pulled is just being tried, or waits for the next try: the cause is told in both. */
function pulling(state: unknown): unknown {
  if (typeof state !== 'object' || state === null || !('waiting' in state)) return state;
  const { reason, message } = state.waiting as { reason?: string; message?: string };
  if (reason !== 'ImagePullBackOff') return state;
  const cause = message?.replace(/^Back-off pulling image "[^"]+": ErrImagePull: /, '');
  return { waiting: { message: cause, reason: 'ErrImagePull' } };
}
