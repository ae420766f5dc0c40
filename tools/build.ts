/** Builds what ships: the shop's two bundles and its manifests, the `bin`, and the public API. Called at `prepare`. */
import { build, type BuildOptions } from 'esbuild';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const common: BuildOptions = { bundle: true, platform: 'node', target: 'node22', logLevel: 'warning' };

/** The shop as a Node server for the image, and as a program for the embedded cluster. */
export async function buildShop(): Promise<void> {
  await build({
    ...common,
    entryPoints: ['workload/src/node/main.ts'],
    outfile: 'dist/shop/shop.mjs',
    format: 'esm',
  });
  await build({
    ...common,
    entryPoints: ['workload/src/shop.ts'],
    outfile: 'dist/shop/embedded.js',
    platform: 'neutral',
    format: 'iife',
    globalName: 'program',
  });
}

/** The shop's manifests as one JSON list, in the order of their files. Kubernetes reads YAML 1.1. */
function buildManifests(): void {
  const folder = 'manifests/shop';
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const objects = files
    .sort()
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8'), { version: '1.1' }))
    .map((document) => document.toJS() as unknown);
  writeFileSync('dist/shop/manifests.json', JSON.stringify(objects));
}

/** Large packages that few commands need. All others are bundled: their hundreds of files would be opened by every command. */
const LOADED_WHEN_NEEDED = [
  '@kubernetes/client-node',
  'testcontainers',
  'mvdan-sh',
  'jiti',
  're2js',
  'koffi',
];

/** The command line (with everything of ours in it) and the package's public API share one set of modules. */
async function buildPackage(): Promise<void> {
  await build({
    ...common,
    entryPoints: { breakfix: 'src/cli/main.ts', index: 'src/index.ts' },
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: LOADED_WHEN_NEEDED,
    alias: { breakfix: './src/index.ts' },
    banner: {
      js: `#!/usr/bin/env node\nimport{createRequire as _createRequire}from'node:module';const require=_createRequire(import.meta.url);`,
    },
  });
  chmodSync('dist/breakfix.js', 0o755);
}

await buildShop();
buildManifests();
if (process.argv[2] !== 'shop') await buildPackage();
