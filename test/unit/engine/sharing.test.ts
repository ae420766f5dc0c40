import { describe, expect, test } from '@jest/globals';
import { type Incident, incidentOf } from '../../../src/engine/incident.ts';
import { canShare, sharedSpec, sharingGroups } from '../../../src/engine/sharing.ts';
import type { RegistryPlan } from '../../../src/providers/provider.ts';
import { settingsScenario } from '../support/settings-scenario.ts';

const HOST = 'registry.shop.test:5000';

function needing(...registries: readonly RegistryPlan[]): Incident {
  const incident = incidentOf(settingsScenario(), 1);
  return { ...incident, plan: { ...incident.plan, registries } };
}

const open = needing({ host: HOST, repositories: { shop: { '1.4.2': '1.4.2' } } });
const more = needing({ host: HOST, repositories: { shop: { '1.5.0': '1.5.0' }, tools: { v1: '1.4.2' } } });
const moved = needing({ host: HOST, repositories: { shop: { '1.4.2': '1.4.1' } } });
const credentials = { username: 'robot', password: 'secret' };
const closed = needing({ host: HOST, repositories: {}, credentials });
const elsewhere = needing({ host: 'mirror.shop.test:5000', repositories: {}, mirrorOf: HOST });
const none = needing();

describe('one cluster for several incidents', () => {
  test('has every tag of every repository that one of them needs', () => {
    expect(sharedSpec([open, more, elsewhere], 'lab', '/folder').registries).toEqual([
      { host: HOST, repositories: { shop: { '1.4.2': '1.4.2', '1.5.0': '1.5.0' }, tools: { v1: '1.4.2' } } },
      { host: 'mirror.shop.test:5000', repositories: {}, mirrorOf: HOST },
    ]);
  });

  test.each<[string, Incident, Incident, boolean]>([
    ['other tags', more, open, true],
    ['another registry', elsewhere, open, true],
    ['no registry', none, closed, true],
    ['the same password', closed, closed, true],
    ['a password', closed, open, false],
    ['no password', open, closed, false],
    ['another release under a tag', moved, open, false],
  ])('an incident that needs %s', (_what, incident, other, possible) => {
    expect(canShare(incident, [none, other])).toBe(possible);
  });

  test('as few clusters as that takes', () => {
    expect(sharingGroups([open, closed, more, moved, none])).toEqual([[open, more, none], [closed], [moved]]);
  });
});
