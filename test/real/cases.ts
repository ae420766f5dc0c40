import { wallClock } from '../../src/core/clock.ts';

/** Of a scenario, beside doing nothing: one right repair, one wrong one. */
export type Cases = Readonly<Record<string, readonly [fix: string, hack: string]>>;

const ALWAYS: Cases = {
  'readiness-probe': ['fix named-port', 'hack remove-probe'],
  'image-tag-typo': ['fix digest', 'hack old-release'],
  'oom-limit': ['fix to-the-ceiling', 'hack restart-only'],
  'dns-nxdomain': ['fix restore', 'hack static-hosts'],
};
/** Three of them at a time: all in three days. */
const IN_ROTATION: Cases = {
  'liveness-too-eager': ['fix startup-probe', 'hack always-true'],
  'dns-blocked': ['fix by-labels', 'hack udp-only'],
  'image-pull-secret': ['fix service-account', 'hack local-image'],
  'dns-policy': ['fix cluster-first', 'hack address-in-env'],
  'image-registry': ['fix mirror', 'hack delete-pods'],
  'dns-corefile-crash': ['fix right-word', 'hack second-coredns'],
  'image-pull-policy': ['fix if-not-present', 'hack never'],
  'dns-random-ip': ['fix take-out', 'hack delete-pods'],
  'oom-leak': ['fix bound-it', 'hack raise-limit'],
};
/** They wait for the time that an answer may be kept: a quarter of an hour each on a real cluster. */
const ON_REQUEST: Cases = {
  'dns-stale': ['fix capped-cache', 'hack restart-only'],
  'dns-slow': ['fix cache-again', 'hack for-a-day'],
};
const AT_A_TIME = 3;

export const allCases = (): Cases => ({ ...ALWAYS, ...IN_ROTATION, ...ON_REQUEST });

/** The scenarios of BREAKFIX_REAL_SCENARIOS (ids, or `all`); otherwise those of every day and today's three. */
export function todaysCases(): Cases {
  const all = allCases();
  const wanted = process.env['BREAKFIX_REAL_SCENARIOS'];
  if (wanted === 'all') return all;
  if (wanted !== undefined) return pick(all, wanted.split(','));
  const rotating = Object.keys(IN_ROTATION);
  const first = Math.floor(wallClock.now().getTime() / DAY) * AT_A_TIME;
  const today = Array.from(
    { length: AT_A_TIME },
    (_, index) => rotating[(first + index) % rotating.length] ?? '',
  );
  return { ...ALWAYS, ...pick(IN_ROTATION, today) };
}

/** Milliseconds. */
const DAY = 86_400_000;

function pick(cases: Cases, ids: readonly string[]): Cases {
  return Object.fromEntries(
    ids.map((id) => {
      const found = cases[id];
      if (found === undefined)
        throw new Error(`no cases for ${id}: there are ${Object.keys(cases).join(', ')}`);
      return [id, found];
    }),
  );
}
