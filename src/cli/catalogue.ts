import type { Scenario } from '../scenario/types.ts';

/** The scenarios that ship, by id; each is imported when the catalogue is. */
const shipped: Readonly<Record<string, () => Promise<{ default: Scenario }>>> = {
  'readiness-probe': () => import('../../scenarios/readiness-probe/scenario.ts'),
  'liveness-too-eager': () => import('../../scenarios/liveness-too-eager/scenario.ts'),
  'dns-corefile-crash': () => import('../../scenarios/dns-corefile-crash/scenario.ts'),
  'dns-policy': () => import('../../scenarios/dns-policy/scenario.ts'),
  'dns-blocked': () => import('../../scenarios/dns-blocked/scenario.ts'),
  'dns-random-ip': () => import('../../scenarios/dns-random-ip/scenario.ts'),
  'dns-nxdomain': () => import('../../scenarios/dns-nxdomain/scenario.ts'),
  'dns-stale': () => import('../../scenarios/dns-stale/scenario.ts'),
  'dns-slow': () => import('../../scenarios/dns-slow/scenario.ts'),
  'image-tag-typo': () => import('../../scenarios/image-tag-typo/scenario.ts'),
  'image-pull-secret': () => import('../../scenarios/image-pull-secret/scenario.ts'),
  'image-pull-policy': () => import('../../scenarios/image-pull-policy/scenario.ts'),
  'image-registry': () => import('../../scenarios/image-registry/scenario.ts'),
  'oom-limit': () => import('../../scenarios/oom-limit/scenario.ts'),
  'oom-leak': () => import('../../scenarios/oom-leak/scenario.ts'),
};

export const DEFAULT_SCENARIO = 'readiness-probe';

/** All scenarios, by incident number. */
export async function loadCatalogue(): Promise<readonly Scenario[]> {
  const modules = await Promise.all(Object.values(shipped).map((load) => load()));
  return modules.map((module) => module.default).sort((a, b) => (a.incident < b.incident ? -1 : 1));
}
