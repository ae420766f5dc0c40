import { setTimeout as wait } from 'node:timers/promises';
import { HttpsTransport } from '../../../src/kube/https-transport.ts';
import { type Latency, latencyOf, send, serviceAccount } from './requests.ts';

/** What a pod's shell can do without end, and what is asked meanwhile. */
const DEEDS = {
  nothing: 'sleep 3600',
  loops: 'while :; do :; done',
  prints: 'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done',
  forks: 'f() { f & f & }; f; while :; do f; done',
  allocates: 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done',
  arguments: 'while :; do set -- "$@" x x x x; done',
  evaluates: 'while :; do eval "$(yes | head -c 1000000)"; done',
  substitutes: 'echo x | sed ":a;s/x/xx/;ta"',
  fills: 'tee /a /b /c < /dev/zero > /dev/null',
  reads: 'hexdump /dev/urandom | wc -l',
  globs: 'mkdir d; cd d; seq 1 20000 | xargs touch; while :; do echo * > /dev/null; done',
  backgrounds: 'while :; do echo x > p & done',
  connects: 'nc -l -p 80 -e yes & while :; do nc 127.0.0.1 80 > /dev/null & sleep 0.1; done',
} as const;

const NAMESPACE = 'stress';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const GETS = 400;
/** A GET is due each so many wall milliseconds: who asks only when the last has been answered seldom meets a pause. */
const EVERY = 10;
/** Wall milliseconds that a deed has to get going before it is measured. */
const SOON = 3000;

export type Deed = keyof typeof DEEDS;

/** How long a GET of a small object takes while a pod's shell does its worst, one deed after the other. */
export async function measureStress(kubeconfig: string): Promise<ReadonlyMap<string, Latency>> {
  await using api = new HttpsTransport(kubeconfig);
  await send(api, '/api/v1/namespaces', 'POST', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  await serviceAccount(api, NAMESPACE);
  const figures = new Map<string, Latency>();
  for (const [deed, script] of Object.entries(DEEDS)) {
    const containers = [{ name: 'main', image: 'busybox:1.37', command: ['sh', '-c', script] }];
    const spec = { terminationGracePeriodSeconds: 0, containers };
    await send(api, PODS, 'POST', { apiVersion: 'v1', kind: 'Pod', metadata: { name: deed }, spec });
    await started(api, deed);
    await wait(SOON);
    figures.set(deed, latencyOf(await getsWhenDue(api)));
    await send(api, `${PODS}/${deed}`, 'DELETE');
  }
  return figures;
}

/** @returns wall milliseconds from when each was due until it was answered */
async function getsWhenDue(api: HttpsTransport): Promise<number[]> {
  const begun = performance.now();
  const asked = Array.from({ length: GETS }, async (_, index) => {
    const due = begun + index * EVERY;
    await wait(Math.max(0, due - performance.now()));
    // Timers may be a little early.
    const from = Math.min(due, performance.now());
    await api.request(`/api/v1/namespaces/${NAMESPACE}`);
    return performance.now() - from;
  });
  return Promise.all(asked);
}

/** Whatever becomes of it afterwards. */
async function started(api: HttpsTransport, pod: string): Promise<void> {
  for (;;) {
    const { body } = await api.request(`${PODS}/${pod}`);
    const { status } = JSON.parse(body) as { status: { phase: string } };
    if (status.phase !== 'Pending') return;
    await wait(50);
  }
}
