import { resources } from '../model/resources.ts';
import { type Check, fail, hold, type LabView, type Observation, pass } from './check.ts';
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
 * A Service that clients know is deleted and made again while this is graded: its name leads to the new address
 * within `withinMs`, and to nothing else for `windowMs` then.
 */
export function followsRecreation(
  from: ClientRef,
  { withinMs, windowMs }: { readonly withinMs: number; readonly windowMs: number },
): Check {
  return {
    expected: `${from.app} finds a Service that was made again within ${withinMs / 1000} s`,
    disturbs: 'a Service that is deleted and made again',
    look: () => Promise.resolve(pass('proven with a Service made while grading')),
    grade: async (lab) => {
      const name = `moved-${lab.random.suffix(5)}`;
      const leadsTo = (address: string, holdMs: number, settleMs: number): Promise<Observation> =>
        gradeHold(lab, holdMs, dns({ from, name, address, exactly: true }), settleMs);
      try {
        const before = await addressOfNew(lab, from, name);
        if (typeof before !== 'string') return before;
        await lab.clock.wait(UNTIL_KNOWN, lab.signal);
        const known = await leadsTo(before, ALL_SERVERS, withinMs + GRACE);
        if (known.status !== 'pass') return known;
        await lab.kube.delete(resources.services, from.namespace, name);
        await probeFrom(lab, from, ['dns', name, '--for', `${GONE}ms`, '--every', '100ms'], 60_000);
        const now = await addressOfNew(lab, from, name, before);
        return typeof now === 'string' ? await leadsTo(now, windowMs, withinMs + GRACE) : now;
      } finally {
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
