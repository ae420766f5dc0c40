import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { isObject } from '../../../../../src/core/json.ts';
import { StatusError } from '../../../../../src/cluster/api.ts';
import { write, type Write } from '../admission/harness.ts';

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
