/** Builds what ships: the shop's two bundles, the `bin`, and the public API. Called at `prepare`. */
import { build, type BuildOptions } from 'esbuild';
import { chmodSync } from 'node:fs';

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

/** Large packages that few commands need. All others are bundled: their hundreds of files would be opened by every command. */
const LOADED_WHEN_NEEDED = ['@kubernetes/client-node', 'testcontainers', 'mvdan-sh', 'jiti'];

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
if (process.argv[2] !== 'shop') await buildPackage();
