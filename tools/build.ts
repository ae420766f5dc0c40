/** Builds what ships: the `bin` as one bundle. Called by `npm run build` and at `prepare`. */
import { build } from 'esbuild';
import { existsSync } from 'node:fs';

const createRequire = `import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);`;

if (existsSync('src/cli/main.ts')) {
  await build({
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/breakfix.js',
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    packages: 'external',
    banner: { js: `#!/usr/bin/env node\n${createRequire}` },
  });
}
