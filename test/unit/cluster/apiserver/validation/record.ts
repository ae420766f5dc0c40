/**
 * Records from a real cluster behind `kubectl proxy` what it answers to the cases:
 * `kubectl create namespace adm; kubectl proxy --port 18711 & node record.ts http://127.0.0.1:18711`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}
interface Change {
  create: Manifest;
  /** A JSON merge patch. */
  patch: object;
  subresource?: string;
}
interface Answer {
  message?: string;
  details?: { causes?: { reason: string; field?: string; message: string }[] };
}

type Outcome = { message: string; reasons: string[]; unordered?: boolean } | null;

const here = new URL('.', import.meta.url);
const server = process.argv[2] ?? 'http://127.0.0.1:18711';

const creates: unknown[] = [];
for (const manifest of read<Manifest>('creates.yaml')) {
  const path = `${await pathOf(manifest)}?dryRun=All`;
  creates.push(await several(() => ask('POST', path, manifest)));
}
write('creates.json', creates);

const changes: unknown[] = [];
for (const { create, patch, subresource } of read<Change>('updates.yaml')) {
  const path = await pathOf(create);
  const name = `${path}/${create.metadata.name}`;
  const created = await ask('POST', path, create);
  if (!created.ok) throw new Error(`${create.kind}: ${created.answer.message ?? ''}`);
  const suffix = subresource === undefined ? '' : `/${subresource}`;
  changes.push(await several(() => ask('PATCH', `${name}${suffix}?dryRun=All`, patch)));
  await ask('DELETE', `${name}?gracePeriodSeconds=0&propagationPolicy=Background`, {});
  while ((await fetch(server + name)).ok);
}
write('updates.json', changes);

function read<T>(name: string): T[] {
  const documents = parseAllDocuments(readFileSync(new URL(name, here), 'utf8'));
  return documents.map((document) => document.toJS() as T | null).filter((value) => value !== null);
}

function write(name: string, answers: unknown[]): void {
  writeFileSync(new URL(name, here), `${JSON.stringify(answers, undefined, 1)}\n`);
}

async function pathOf(manifest: Manifest): Promise<string> {
  const prefix = `${manifest.apiVersion.includes('/') ? '/apis' : '/api'}/${manifest.apiVersion}`;
  const discovery = (await (await fetch(server + prefix)).json()) as {
    resources: { name: string; kind: string; namespaced: boolean }[];
  };
  const found = discovery.resources.find(({ name, kind }) => kind === manifest.kind && !name.includes('/'));
  if (found === undefined) throw new Error(`unknown kind ${manifest.kind}`);
  return `${prefix}${found.namespaced ? '/namespaces/adm' : ''}/${found.name}`;
}

async function ask(method: string, path: string, body: object): Promise<{ ok: boolean; answer: Answer }> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(server + path, {
    method,
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  });
  return { ok: response.ok, answer: (await response.json()) as Answer };
}

/** The message, and the reasons of its causes; null where the object is taken. */
function outcome({ ok, answer }: { ok: boolean; answer: Answer }): Outcome {
  if (ok) return null;
  const message = (answer.message ?? '').replaceAll(/A_[a-z0-9]{5}/g, 'A_x2vbq');
  return {
    message,
    reasons: [...new Set((answer.details?.causes ?? []).map(({ reason }) => reason))].sort(),
  };
}

/** Asks again to see whether the order of the problems is left to chance, as Go's maps do. */
async function several(question: () => ReturnType<typeof ask>): Promise<Outcome> {
  const first = outcome(await question());
  for (let again = 0; again < 5; again++) {
    const next = outcome(await question());
    if (first !== null && next?.message !== first.message) return { ...first, unordered: true };
  }
  return first;
}
