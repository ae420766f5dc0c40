import { wallClock } from '../../src/core/clock.ts';

/** What is tried of a scenario: nothing, one right repair, one wrong one. */
export interface Tried {
  readonly fix: string;
  readonly hack: string;
  /** What the three take, about. */
  readonly minutes: number;
}

/** By scenario. */
export type Cases = Readonly<Record<string, Tried>>;

/** As `verify --only` knows them. */
export const namesOf = ({ fix, hack }: Tried): readonly string[] => ['no-op', `fix ${fix}`, `hack ${hack}`];

const ALWAYS: Cases = {
  'readiness-probe': { fix: 'named-port', hack: 'remove-probe', minutes: 5 },
  'image-tag-typo': { fix: 'digest', hack: 'old-release', minutes: 4 },
  'oom-limit': { fix: 'to-the-ceiling', hack: 'restart-only', minutes: 6 },
  'dns-nxdomain': { fix: 'restore', hack: 'static-hosts', minutes: 7 },
};
/** Three of them at a time: all in three days. */
const IN_ROTATION: Cases = {
  'liveness-too-eager': { fix: 'startup-probe', hack: 'always-true', minutes: 18 },
  'dns-blocked': { fix: 'by-labels', hack: 'udp-only', minutes: 9 },
  'image-pull-secret': { fix: 'service-account', hack: 'local-image', minutes: 3 },
  'dns-policy': { fix: 'cluster-first', hack: 'address-in-env', minutes: 7 },
  'image-registry': { fix: 'mirror', hack: 'delete-pods', minutes: 4 },
  'dns-corefile-crash': { fix: 'right-word', hack: 'second-coredns', minutes: 6 },
  'image-pull-policy': { fix: 'if-not-present', hack: 'never', minutes: 5 },
  'dns-random-ip': { fix: 'take-out', hack: 'delete-pods', minutes: 8 },
  'oom-leak': { fix: 'bound-it', hack: 'raise-limit', minutes: 9 },
};
/** They wait for the time that an answer may be kept: a quarter of an hour each on a real cluster. */
const ON_REQUEST: Cases = {
  'dns-stale': { fix: 'capped-cache', hack: 'restart-only', minutes: 14 },
  'dns-slow': { fix: 'cache-again', hack: 'for-a-day', minutes: 34 },
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
