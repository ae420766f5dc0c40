import { HttpsTransport } from '../../../src/kube/https-transport.ts';
import { inParallel, type Latency, latencyOf, send, serviceAccount } from './requests.ts';

/** Numbers of pods at which a write is measured; the list is measured at the middle one. */
export const SIZES = [100, 1000, 3000] as const;
const LISTED = 1000;

const NAMESPACE = 'bench';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const WATCHERS = 10;
const LISTS = 40;
const WRITES = 200;
/** So many requests at a time where throughput is measured, and where pods are made. */
const AT_ONCE = 4;

export interface ApiFigures {
  /** LIST of 1,000 pods; how many a second there are with {@link AT_ONCE} at a time, and the bytes of one. */
  readonly list: Latency & { readonly perSecond: number; readonly bytes: number };
  /** A PATCH of one pod, by the number of pods there are: until it is answered, and until ten watches have told it. */
  readonly writes: readonly { readonly pods: number; readonly answered: Latency; readonly told: Latency }[];
}

/**
 * Puts pods that nobody starts (a scheduling gate holds them) into an empty cluster, and measures how its API server
 * lists and changes them. The client is the same whatever the cluster: one HTTP/2 connection, JSON, no compression.
 */
export async function measureApi(kubeconfig: string): Promise<ApiFigures> {
  await using api = new HttpsTransport(kubeconfig);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await send(api, '/api/v1/namespaces', 'POST', namespace);
  await serviceAccount(api, NAMESPACE);
  const writes = [];
  let list: ApiFigures['list'] | undefined;
  let made = 0;
  for (const pods of SIZES) {
    await makePods(api, made, pods);
    made = pods;
    writes.push({ pods, ...(await measureWrites(api)) });
    if (pods === LISTED) list = await measureList(api);
  }
  if (list === undefined) throw new Error(`no list was measured at ${LISTED} pods`);
  return { list, writes };
}

async function makePods(api: HttpsTransport, from: number, to: number): Promise<void> {
  await inParallel(to - from, AT_ONCE, async (index) => {
    await send(api, PODS, 'POST', podOf(from + index));
  });
}

const nameOf = (index: number): string => `pod-${String(index).padStart(4, '0')}`;

const podOf = (index: number): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: nameOf(index), labels: { app: 'bench', turn: 'none' } },
  spec: {
    schedulingGates: [{ name: 'bench.test/never' }],
    containers: [
      {
        name: 'main',
        image: 'busybox:1.37',
        command: ['sleep', '3600'],
        env: [{ name: 'INDEX', value: String(index) }],
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '32Mi' } },
      },
    ],
  },
});

async function measureList(api: HttpsTransport): Promise<ApiFigures['list']> {
  let bytes = 0;
  const once = async (): Promise<number> => {
    const begun = performance.now();
    const { status, body } = await api.request(PODS);
    if (status !== 200) throw new Error(`LIST was answered ${status}: ${body.slice(0, 200)}`);
    bytes = body.length;
    return performance.now() - begun;
  };
  await once();
  const took: number[] = [];
  for (let count = 0; count < LISTS; count++) took.push(await once());
  const begun = performance.now();
  await inParallel(LISTS, AT_ONCE, once);
  const perSecond = (LISTS * 1000) / (performance.now() - begun);
  return { ...latencyOf(took), perSecond, bytes };
}

async function measureWrites(api: HttpsTransport): Promise<{ answered: Latency; told: Latency }> {
  const controller = new AbortController();
  const watches = await Promise.all(
    Array.from({ length: WATCHERS }, () => Watch.open(api, controller.signal)),
  );
  const answered: number[] = [];
  const told: number[] = [];
  try {
    for (let turn = 0; turn < WRITES; turn++) {
      const label = `turn-${turn}`;
      const seen = Promise.all(watches.map((watch) => watch.sees(label)));
      const begun = performance.now();
      await send(api, `${PODS}/${nameOf(turn % SIZES[0])}`, 'PATCH', {
        metadata: { labels: { turn: label } },
      });
      answered.push(performance.now() - begun);
      await seen;
      told.push(performance.now() - begun);
    }
  } finally {
    controller.abort();
  }
  return { answered: latencyOf(answered), told: latencyOf(told) };
}

/** A watch of all pods that can be asked when it has told a change. */
class Watch {
  #awaited: { label: string; done: () => void } | undefined;

  /** From now on: what is there already is not told. */
  static async open(api: HttpsTransport, signal: AbortSignal): Promise<Watch> {
    const watch = new Watch();
    const first = await api.request(`${PODS}?limit=1`);
    const { metadata } = JSON.parse(first.body) as { metadata: { resourceVersion: string } };
    const path = `${PODS}?watch=true&resourceVersion=${metadata.resourceVersion}`;
    void watch.#read(api.lines(path, signal));
    return watch;
  }

  sees(label: string): Promise<void> {
    return new Promise((done) => {
      this.#awaited = { label: `"turn":"${label}"`, done };
    });
  }

  async #read(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (this.#awaited !== undefined && line.includes(this.#awaited.label)) this.#awaited.done();
    }
  }
}
