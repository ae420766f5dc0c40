import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { copy, edit, freeze } from '../../../../../src/core/json.ts';
import type { AnyObject } from '../../../../../src/model/objects.ts';
import { resources, type Resource } from '../../../../../src/model/resources.ts';
import { applyDefaults } from '../../../../../src/cluster/apiserver/defaults/defaults.ts';
import { resourceOf, write } from '../admission/harness.ts';

const here = new URL('.', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, here), 'utf8');
const cases = parseAllDocuments(read('cases.yaml'))
  .map((document) => document.toJS() as AnyObject | null)
  .filter((manifest) => manifest !== null);
const stored = JSON.parse(read('stored.json')) as AnyObject[];

/** What differs from run to run, or is allocated where a Service is stored. */
function comparable(object: AnyObject): unknown {
  return JSON.parse(
    JSON.stringify(object, (key, value: unknown) => {
      if (
        ['uid', 'creationTimestamp', 'lastTransitionTime', 'lastPhaseTransitionTime', 'namespace'].includes(
          key,
        )
      )
        return undefined;
      if (['clusterIP', 'clusterIPs', 'nodePort'].includes(key)) return undefined;
      if (key.endsWith('controller-uid')) return '<uid>';
      return value;
    }),
  );
}

describe('what Kubernetes stores for a manifest', () => {
  test.each(
    cases.map((manifest, index) => ({ kind: manifest.kind, name: manifest.metadata.name, manifest, index })),
  )('$kind $name', ({ manifest, index }) => {
    const expected = stored[index];
    expect(expected?.metadata.name).toBe(manifest.metadata.name);
    expect(comparable(write(manifest).object)).toEqual(comparable(expected!));
  });

  test.each(stored.map((object) => ({ kind: object.kind, name: object.metadata.name, object })))(
    '$kind $name is its own default, also when it is frozen',
    ({ object }) => {
      const again = freeze(copy(object));
      applyDefaults(resourceOf(object.kind), again, { operation: 'UPDATE', old: again });
      expect(again).toEqual(object);
    },
  );
});

describe('quantities that cannot be read', () => {
  const pod = (cpu: string): AnyObject =>
    ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'a', image: 'a', resources: { limits: { cpu } } }] },
    }) as unknown as AnyObject;

  test.each([
    ['100Mb', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['100MM', "unable to parse quantity's suffix"],
    ['1.1.1', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ])('%s', (cpu, cause) => {
    expect(() => applyDefaults(resources.pods as Resource, pod(cpu), { operation: 'CREATE' })).toThrow(
      `Pod in version "v1" cannot be handled as a Pod: ${cause}`,
    );
  });
});

const SLICE = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'a' },
  addressType: 'IPv4',
};
test.each([[[]], [null], [undefined]])('the lists of an EndpointSlice are null when they were %j', (list) => {
  const slice = { ...SLICE, endpoints: list, ports: list } as unknown as AnyObject;
  applyDefaults(resources.endpointSlices, slice, { operation: 'CREATE' });
  expect(slice).toEqual({ ...SLICE, endpoints: null, ports: null });
});

test('an Event says of every time whether it has one', () => {
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'a' }, involvedObject: {} };
  const draft = edit(event, () => {}) as unknown as AnyObject;
  applyDefaults(resources.events, draft, { operation: 'CREATE' });
  const stored = {
    ...event,
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  };
  expect(draft).toEqual(stored);
  const again = freeze(copy(draft));
  applyDefaults(resources.events, again, { operation: 'UPDATE', old: again });
  expect(again).toEqual(stored);
});

test('objects of custom resources stay as they are', () => {
  const widget = { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'a' },
    spec: { list: [], no: null },
  };
  const draft = edit(object, () => {}) as unknown as AnyObject;
  applyDefaults({ ...widget, id: 'widgets.example.com' }, draft, { operation: 'CREATE' });
  expect(draft).toEqual(object);
});
