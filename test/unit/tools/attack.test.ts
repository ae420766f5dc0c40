import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AnyObject } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { applyEdit } from '../../../tools/attack/edits/apply.ts';
import { sequences } from '../../../tools/attack/edits/arbitraries.ts';
import {
  type CorefileChange,
  deploymentOf,
  type Edit,
  referenceOf,
} from '../../../tools/attack/edits/edit.ts';
import type { Facts } from '../../../tools/attack/facts.ts';
import { oracles } from '../../../tools/attack/oracle/index.ts';
import { agree } from '../../../tools/attack/run.ts';
import { differences, State } from '../../../tools/attack/state.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';

const shop = { namespace: 'shop' };
const checkout = deploymentOf('shop', 'checkout');
const settings = referenceOf(resources.configMaps, { ...shop, name: 'settings' });
const corefile = referenceOf(resources.configMaps, { namespace: 'kube-system', name: 'coredns' });

const object = (kind: string, name: string, content: object, namespace = 'shop'): AnyObject =>
  ({
    apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
    kind,
    metadata: { name, namespace },
    ...content,
  }) as unknown as AnyObject;

const probed = (port: number | string): AnyObject =>
  object('Deployment', 'checkout', {
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'checkout' } },
      template: { spec: { containers: [{ name: 'checkout', readinessProbe: { httpGet: { port } } }] } },
    },
  });

const probePort = '/spec/template/spec/containers/0/readinessProbe/httpGet/port';

const stateOf = (...objects: (readonly [string, AnyObject])[]): State => new State(new Map(objects));

/** A cluster that has these objects, and how one edits it. */
function lab(healthy: State, ...live: AnyObject[]) {
  const state = new FakeState();
  for (const one of live) {
    const id = one.kind === 'Deployment' ? resources.deployments.id : resources.configMaps.id;
    state.objects.set(`${id}/${one.metadata.namespace ?? ''}/${one.metadata.name}`, one);
  }
  const editor = {
    kube: fakeKube(state),
    healthy,
    wait: () => Promise.resolve(),
    now: () => new Date(0),
  };
  return { state, edit: (one: Edit) => applyEdit(editor, one) };
}

describe('what a fault did', () => {
  test('is told by fields, by what is gone and by what is new', () => {
    const map = object('ConfigMap', 'settings', { data: { A: '1' } });
    const found = differences(
      stateOf([checkout, probed('http')], [settings, map]),
      stateOf([checkout, probed(9090)], [corefile, map]),
    );
    expect(found.map(({ of, kind }) => [of, kind])).toEqual([
      [corefile, 'new'],
      [settings, 'gone'],
      [checkout, 'changed'],
    ]);
    expect(found[2]?.paths).toContain(probePort);
    expect(found[2]?.paths).not.toContain('/spec/replicas');
  });
});

describe('edits', () => {
  test('one field is put back, others stay', async () => {
    const { state, edit } = lab(stateOf([checkout, probed('http')]), {
      ...probed(9090),
      spec: { ...(probed(9090)['spec'] as object), replicas: 5 },
    });
    await edit({ edit: 'put-back', of: checkout, path: probePort });
    const now = JSON.stringify(state.objects.get(checkout));
    expect(now).toContain('"port":"http"');
    expect(now).toContain('"replicas":5');
  });

  test('what was not there is taken away, what is gone is made again', async () => {
    const map = object('ConfigMap', 'settings', { data: { A: '1' } });
    const { state, edit } = lab(stateOf([settings, map]), probed(9090));
    await edit({ edit: 'put-back', of: settings });
    await edit({ edit: 'put-back', of: checkout });
    expect([...state.objects.keys()]).toEqual([settings]);
  });

  test('what the server refuses is no error of the attack', async () => {
    const { edit } = lab(stateOf());
    const body = { spec: { replicas: 1 } };
    expect(await edit({ edit: 'patch', of: checkout, type: 'merge', body })).toContain('checkout');
  });

  test.each<[string, CorefileChange, string]>([
    ['a block is taken out with all that is in it', { without: 'template' }, '.:53 {\n    cache 30\n}'],
    ['a line is taken out', { without: 'cache' }, '.:53 {\n    template ANY {\n        rcode\n    }\n}'],
    [
      'lines are put before a plugin',
      { before: 'cache', lines: ['log'] },
      '.:53 {\n    template ANY {\n        rcode\n    }\n    log\n    cache 30\n}',
    ],
    [
      'what is not there changes nothing',
      { without: 'forward' },
      '.:53 {\n    template ANY {\n        rcode\n    }\n    cache 30\n}',
    ],
  ])('%s', async (_what, change, expected) => {
    const text = '.:53 {\n    template ANY {\n        rcode\n    }\n    cache 30\n}';
    const { state, edit } = lab(
      stateOf(),
      object('ConfigMap', 'coredns', { data: { Corefile: text } }, 'kube-system'),
    );
    await edit({ edit: 'corefile', of: corefile, change });
    expect(state.objects.get(corefile)?.['data']).toEqual({ Corefile: expected });
  });
});

describe('sequences', () => {
  const facts: Facts = {
    scenario: 'readiness-probe',
    values: {},
    namespace: 'shop',
    workload: checkout,
    container: 'checkout',
    differences: [{ of: checkout, kind: 'changed', paths: [probePort] }],
    deployments: [checkout],
    services: [referenceOf(resources.services, { ...shop, name: 'checkout' })],
    data: [],
    policies: [],
    configMaps: [settings],
    others: [],
    addresses: { checkout: '10.96.0.77' },
    images: ['shop.test/shop:1.4.2'],
    ports: ['http', 8080],
    memory: ['96Mi'],
    limits: ['160Mi'],
    isDns: true,
    corefile: '.:53 {\n    template ANY ANY {\n    }\n}\n',
    selector: { matchLabels: { app: 'checkout' } },
  };

  test('can be written down and done again: they are plain data, and a seed gives the same', () => {
    const draw = (seed: number) => fc.sample(sequences(facts), { seed, numRuns: 20 });
    expect(JSON.parse(JSON.stringify(draw(7)))).toEqual(draw(7));
    expect(draw(8)).not.toEqual(draw(7));
  });

  test('often have a right repair in them', () => {
    const all = fc.sample(sequences(facts), { seed: 1, numRuns: 50 }).flat();
    const repairs = all.filter((edits) =>
      edits.some((one) => one.edit === 'put-back' && one.of === checkout),
    );
    expect(repairs.length).toBeGreaterThan(all.length / 5);
  });
});

test('an oracle and a grader agree on whole and pass, on a complaint and fail; error is no answer', () => {
  const judgement = { complaint: undefined, failed: [] };
  expect(agree({ ...judgement, verdict: 'pass' })).toBe(true);
  expect(agree({ ...judgement, verdict: 'fail' })).toBe(false);
  expect(agree({ ...judgement, complaint: 'broken', verdict: 'pass' })).toBe(false);
  expect(agree({ ...judgement, complaint: 'broken', verdict: 'error' })).toBe(false);
});

test('an oracle is of an incident of the catalogue', async () => {
  const { loadCatalogue } = await import('../../../src/cli/catalogue.ts');
  const ids = (await loadCatalogue()).map(({ id }) => id);
  expect(Object.keys(oracles).filter((id) => !ids.includes(id))).toEqual([]);
});
