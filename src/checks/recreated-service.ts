import { resources } from '../model/resources.ts';
import { all, type Check, fail, hold, type LabView, type Observation, pass } from './check.ts';
import { type ClientRef, probeFrom } from './client-pod.ts';
import { createService, UNTIL_KNOWN } from './fresh-service.ts';
import { dns } from './traffic.ts';

/** Milliseconds in which every DNS server has been asked: for 25 lookups there are seldom more than a few. */
const ALL_SERVERS = 5000;
/** Milliseconds for which a Service is gone before it is made again. Clients go on asking meanwhile. */
const GONE = 3000;
/** Milliseconds for the API's watches, which no server can speed up. */
const GRACE = 5000;

/**
 * Services that clients know are deleted and made again while this is graded: the name of one, which clients go on
 * asking for, leads to the new address within `withinMs`, and to nothing else for `windowMs` then. Nobody asks for the
 * other until that time is over: a cache that first gives what is outdated, and then looks, is found out by that. A
 * third is asked for only while it is not there: that there is none may not be kept for longer either.
 */
export function followsRecreation(
  from: ClientRef,
  { withinMs, windowMs }: { readonly withinMs: number; readonly windowMs: number },
): Check {
  return {
    expected: `${from.app} finds a Service that was made again within ${withinMs / 1000} s`,
    disturbs: 'Services that are deleted and made again',
    look: () => Promise.resolve(pass('proven with Services made while grading')),
    grade: async (lab) => {
      const suffix = lab.random.suffix(5);
      const [busy, idle, late] = [`moved-${suffix}`, `moved-idle-${suffix}`, `moved-late-${suffix}`];
      const leadsTo = (name: string, address: string): Check => dns({ from, name, address, exactly: true });
      try {
        const before = await addressesOfNew(lab, from, [busy, idle]);
        if ('seen' in before) return before;
        await lab.clock.wait(UNTIL_KNOWN, lab.signal);
        for (const [name, address] of before) {
          const known = await gradeHold(lab, ALL_SERVERS, leadsTo(name, address), withinMs + GRACE);
          if (known.status !== 'pass') return known;
        }
        for (const name of [busy, idle]) await lab.kube.delete(resources.services, from.namespace, name);
        for (const name of [busy, late])
          await probeFrom(lab, from, ['dns', name, '--for', `${GONE}ms`, '--every', '100ms'], 60_000);
        const now = await addressesOfNew(lab, from, [busy, idle, late], before);
        if ('seen' in now) return now;
        const end = lab.clock.now().getTime() + withinMs + GRACE;
        const found = await gradeHold(lab, windowMs, leadsTo(busy, now.get(busy) ?? ''), withinMs + GRACE);
        if (found.status !== 'pass') return found;
        await lab.clock.wait(Math.max(0, end - lab.clock.now().getTime()), lab.signal);
        const others = [idle, late].map((name) => leadsTo(name, now.get(name) ?? ''));
        return await gradeHold(lab, ALL_SERVERS, all('', others), 0);
      } finally {
        for (const name of [busy, idle, late])
          await lab.kube.delete(resources.services, from.namespace, name);
      }
    },
  };
}

const gradeHold = async (
  lab: LabView,
  windowMs: number,
  check: Check,
  settleMs: number,
): Promise<Observation> => (await hold(windowMs, check, settleMs).grade?.(lab)) ?? fail('');

/** Makes Services. @returns their addresses by name, each another than in `others`; a failure where one is refused */
async function addressesOfNew(
  lab: LabView,
  from: ClientRef,
  names: readonly string[],
  others: ReadonlyMap<string, string> = new Map(),
): Promise<ReadonlyMap<string, string> | Observation> {
  const made = new Map<string, string>();
  for (const name of names) {
    const address = await addressOfNew(lab, from, name, others.get(name));
    if (typeof address !== 'string') return address;
    made.set(name, address);
  }
  return made;
}

/** @param other what it must not be: addresses are given at random, and may come back at once */
async function addressOfNew(
  lab: LabView,
  from: ClientRef,
  name: string,
  other?: string,
): Promise<string | Observation> {
  for (;;) {
    const made = await createService(lab, from, name);
    if ('seen' in made) return made;
    const address = made.spec.clusterIP ?? '';
    if (address !== other) return address;
    await lab.kube.delete(resources.services, from.namespace, name);
  }
}
