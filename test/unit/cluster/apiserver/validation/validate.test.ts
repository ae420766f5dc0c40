import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { isObject } from '../../../../../src/core/json.ts';
import { StatusError } from '../../../../../src/cluster/api.ts';
import type { AnyObject } from '../../../../../src/model/objects.ts';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import { resourceOf, write, type Write } from '../admission/harness.ts';

type Outcome = { message: string; reasons: string[]; unordered?: boolean } | null;

const here = new URL('.', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, here), 'utf8');
const cases = <T>(name: string): T[] =>
  parseAllDocuments(text(name))
    .map((document) => document.toJS() as T | null)
    .filter((value) => value !== null);
const recorded = (name: string): Outcome[] => JSON.parse(text(name)) as Outcome[];

function outcome(manifest: object, about?: Write): Outcome {
  try {
    write(manifest, about);
    return null;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const causes = error.status.details?.causes ?? [];
    return { message: error.message, reasons: [...new Set(causes.map(({ reason = '' }) => reason))].sort() };
  }
}

function compare(seen: Outcome, expected: Outcome): void {
  if (expected?.unordered !== true || seen === null) {
    expect(seen).toEqual(expected);
    return;
  }
  const sorted = (message: string): string[] =>
    message
      .replace(/^.*?\[(.*)\]$/, '$1')
      .split(/, (?=[a-z]+[.[])/)
      .sort();
  expect(sorted(seen.message)).toEqual(sorted(expected.message));
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  }
  return result;
}

interface Stored {
  kind: string;
  spec: { type?: string; clusterIP?: string; clusterIPs?: string[]; containers?: { resources?: object }[] };
}

/** A Service that is stored has an address. */
function stored(manifest: object): Stored {
  const object = write(manifest).object as unknown as Stored;
  if (object.kind === 'Service' && object.spec.clusterIP === undefined) {
    object.spec.clusterIP = '10.96.0.10';
    object.spec.clusterIPs = ['10.96.0.10'];
  }
  return object;
}

/** The subresource takes nothing but resources from what is sent. */
function resized(old: Stored, sent: Stored): Stored {
  const containers = old.spec.containers?.map((container, index) => ({
    ...container,
    resources: sent.spec.containers?.[index]?.resources ?? {},
  }));
  return { ...old, spec: { ...old.spec, ...(containers && { containers }) } };
}

interface Manifest {
  kind: string;
}

describe('new objects are answered as by Kubernetes', () => {
  const answers = recorded('creates.json');
  const manifests = cases<Manifest>('creates.yaml').map((manifest, index) => ({
    index,
    kind: manifest.kind,
    expected: answers[index] ?? null,
    summary: (answers[index]?.message ?? 'taken').slice(0, 100),
    manifest,
  }));
  test.each(manifests)('$index $summary', ({ manifest, expected }) => {
    compare(outcome(manifest), expected);
  });
});

describe('changes are answered as by Kubernetes', () => {
  const answers = recorded('updates.json');
  const all = cases<{ create: Manifest; patch: object; subresource?: string }>('updates.yaml').map(
    (change, index) => ({
      index,
      expected: answers[index] ?? null,
      summary: (answers[index]?.message ?? 'taken').slice(0, 100),
      change,
    }),
  );
  test.each(all)('$index $summary', ({ change: { create, patch, subresource }, expected }) => {
    const old = stored(create);
    const sent = merged(old, patch) as Stored;
    const object = subresource === 'resize' ? resized(old, sent) : sent;
    compare(outcome(object, { old, ...(subresource !== undefined && { subresource }) }), expected);
  });
});

describe('sizes', () => {
  const large = 'x'.repeat(1_048_577);
  const object = (kind: string, more: object): object => ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'a' },
    ...more,
  });
  test.each([
    [
      object('ConfigMap', { data: { a: large } }),
      'ConfigMap "a" is invalid: []: Too long: may not be more than 1048576 bytes',
    ],
    [object('ConfigMap', { data: { a: large.slice(1) } }), undefined],
    [
      object('Secret', { stringData: { a: large } }),
      'Secret "a" is invalid: data: Too long: may not be more than 1048576 bytes',
    ],
    [
      object('ConfigMap', { metadata: { name: 'a', annotations: { a: large.slice(0, 262_144) } } }),
      'ConfigMap "a" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
  ])('%#', (manifest, message) => {
    expect(outcome(manifest)?.message).toBe(message);
  });
});

describe('what Kubernetes has stored is in order', () => {
  const all = JSON.parse(text('../defaults/stored.json')) as AnyObject[];
  test.each(all.map((object) => ({ kind: object.kind, name: object.metadata.name, object })))(
    '$kind $name',
    ({ object }) => {
      const of = resourceOf(object.kind);
      expect(validateObject(of, object, { operation: 'UPDATE', old: object })).toEqual([]);
    },
  );
});
