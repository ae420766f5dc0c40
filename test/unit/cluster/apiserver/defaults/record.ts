/**
 * Records stored.json from a real cluster behind `kubectl proxy`:
 * `kubectl create namespace adm; kubectl proxy --port 18711 & node record.ts http://127.0.0.1:18711`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

interface Manifest {
  apiVersion: string;
  kind: string;
}

const here = new URL('.', import.meta.url);
const server = process.argv[2] ?? 'http://127.0.0.1:18711';
const stored: unknown[] = [];
for (const document of parseAllDocuments(readFileSync(new URL('cases.yaml', here), 'utf8'))) {
  const manifest = document.toJS() as Manifest | null;
  if (manifest !== null) stored.push(await create(manifest));
}
writeFileSync(new URL('stored.json', here), `${JSON.stringify(stored, null, 1)}\n`);

async function create(manifest: Manifest): Promise<unknown> {
  const prefix = `${manifest.apiVersion.includes('/') ? '/apis' : '/api'}/${manifest.apiVersion}`;
  const discovery = (await (await fetch(server + prefix)).json()) as {
    resources: { name: string; kind: string; namespaced: boolean }[];
  };
  const resource = discovery.resources.find(
    ({ name, kind }) => kind === manifest.kind && !name.includes('/'),
  );
  if (resource === undefined) throw new Error(`unknown kind ${manifest.kind}`);
  const path = `${prefix}${resource.namespaced ? '/namespaces/adm' : ''}/${resource.name}`;
  const answer = await fetch(`${server}${path}?dryRun=All`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(manifest),
  });
  const object = (await answer.json()) as { metadata: Record<string, unknown>; message?: string };
  if (!answer.ok) throw new Error(`${manifest.kind}: ${object.message ?? ''}`);
  for (const field of [
    'managedFields',
    'uid',
    'resourceVersion',
    'creationTimestamp',
    'generation',
    'namespace',
  ]) {
    Reflect.deleteProperty(object.metadata, field);
  }
  return object;
}
