import { resources } from '../model/resources.ts';
import { all, type Check, fail, hold, type LabView, type Observation, pass } from './check.ts';
import { type ClientRef, probeFrom } from './client-pod.ts';
import { createService, ELSEWHERE, UNTIL_KNOWN } from './fresh-service.ts';
import { dns } from './traffic.ts';

/** Milliseconds in which every DNS server has been asked: for 25 lookups there are seldom more than a few. */
const ALL_SERVERS = 5000;
/** Milliseconds for which a Service is gone before it is created again. Clients go on asking meanwhile. */
const GONE = 3000;
/** Milliseconds for the API's watches, which no server can speed up. */
const GRACE = 5000;

/** A Service as the client of a proof asks for it. */
interface Known {
  readonly namespace: string;
  readonly name: string;
  readonly asked: string;
}

/**
 * Services that clients know are deleted and created again while this is graded: the name of one, which clients go on
 * asking for, leads to the new address within `withinMs`, and to nothing else for `windowMs` then. Nobody asks for the
 * other until that time is over: a cache that first gives what is outdated, and then looks, is found out by that. A
 * third is asked for only while it is not there: that there is none may not be kept for longer either, here and in another
 * namespace. Of those that nobody asks for there is one in each namespace: what is not kept for one may be for others.
 */
export function followsRecreation(
  from: ClientRef,
  { withinMs, windowMs }: { readonly withinMs: number; readonly windowMs: number },
): Check {
  return {
    expected: `a Service that is deleted and created again resolves in ${from.app} to its new address within ${withinMs / 1000} s`,
    disturbs: 'Services that are deleted and created again',
    look: () => Promise.resolve(pass('proven with Services that are created during grading')),
    grade: async (lab) => {
      const suffix = lab.random.suffix(5);
      const near = (name: string): Known => ({ namespace: from.namespace, name, asked: name });
      const far = (namespace: string, name: string): Known => ({
        namespace,
        name,
        asked: `${name}.${namespace}`,
      });
      const busy = near(`moved-${suffix}`);
      const others = await otherNamespaces(lab, from.namespace);
      const idle = [
        near(`moved-idle-${suffix}`),
        ...others.map((namespace) => far(namespace, `moved-far-${suffix}`)),
      ];
      const late = [near(`moved-late-${suffix}`), far(ELSEWHERE, `moved-far-late-${suffix}`)];
      const leadsTo = (service: Known, addresses: Addresses): Check =>
        dns({ from, name: service.asked, address: addresses.get(service) ?? '', exactly: true });
      try {
        const before = await addressesOfNew(lab, from, [busy, ...idle]);
        if ('seen' in before) return before;
        await lab.clock.wait(UNTIL_KNOWN, lab.signal);
        for (const service of before.keys()) {
          const known = await gradeHold(lab, ALL_SERVERS, leadsTo(service, before), withinMs + GRACE);
          if (known.status !== 'pass') return known;
        }
        await remove(lab, [busy, ...idle]);
        for (const { asked } of [busy, ...late])
          await probeFrom(lab, from, ['dns', asked, '--for', `${GONE}ms`, '--every', '100ms'], 60_000);
        const now = await addressesOfNew(lab, from, [busy, ...idle, ...late], before);
        if ('seen' in now) return now;
        const end = lab.clock.now().getTime() + withinMs + GRACE;
        const found = await gradeHold(lab, windowMs, leadsTo(busy, now), withinMs + GRACE);
        if (found.status !== 'pass') return found;
        await lab.clock.wait(Math.max(0, end - lab.clock.now().getTime()), lab.signal);
        const unasked = [...idle, ...late].map((service) => leadsTo(service, now));
        return await gradeHold(lab, ALL_SERVERS, all('', unasked), 0);
      } finally {
        await remove(lab, [busy, ...idle, ...late]);
      }
    },
  };
}

/** All that are to stay. */
async function otherNamespaces(lab: LabView, own: string): Promise<string[]> {
  const namespaces = (await lab.kube.list(resources.namespaces)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const names = new Set([ELSEWHERE, ...namespaces.map(({ metadata }) => metadata.name)]);
  names.delete(own);
  return [...names];
}

async function remove(lab: LabView, services: readonly Known[]): Promise<void> {
  for (const { namespace, name } of services) await lab.kube.delete(resources.services, namespace, name);
}

const gradeHold = async (
  lab: LabView,
  windowMs: number,
  check: Check,
  settleMs: number,
): Promise<Observation> => (await hold(windowMs, check, settleMs).grade?.(lab)) ?? fail('');

type Addresses = ReadonlyMap<Known, string>;

/** Makes Services. @returns their addresses, each another than in `others`; a failure where one is refused */
async function addressesOfNew(
  lab: LabView,
  from: ClientRef,
  services: readonly Known[],
  others: Addresses = new Map(),
): Promise<Addresses | Observation> {
  const made = new Map<Known, string>();
  for (const service of services) {
    const address = await addressOfNew(lab, from, service, others.get(service));
    if (typeof address !== 'string') return address;
    made.set(service, address);
  }
  return made;
}

/** @param other what it must not be: addresses are given at random, and may come back at once */
async function addressOfNew(
  lab: LabView,
  { app }: ClientRef,
  { namespace, name }: Known,
  other?: string,
): Promise<string | Observation> {
  for (;;) {
    const made = await createService(lab, { namespace, app }, name);
    if ('seen' in made) return made;
    const address = made.spec.clusterIP ?? '';
    if (address !== other) return address;
    await lab.kube.delete(resources.services, namespace, name);
  }
}
