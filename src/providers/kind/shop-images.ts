import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../core/package-root.ts';
import { releases } from '../../images/releases.ts';
import { run, tryRun } from './commands.ts';

/** Labels that say what a built image was made of, so that it is built again only when that has changed. */
const CONTENT_LABEL = 'dev.breakfix.content';

/**
 * Builds an image with the knobs of a release, unless it is there already. No two references share an image id:
 * containerd forgets one of two names of an image that came to it in two ways (loaded and pulled).
 * @param reference `shop.test/shop:1.4.2`
 */
export async function buildShopImage(reference: string, release: string, signal: AbortSignal): Promise<void> {
  const releaseFile = JSON.stringify({ version: release, ...releases[release] });
  const content = `${reference} ${await shopDigest()} ${releaseFile}`;
  const existing = await tryRun(
    'docker',
    ['image', 'inspect', '--format', `{{index .Config.Labels "${CONTENT_LABEL}"}}`, reference],
    { signal },
  );
  if (existing.code === 0 && existing.stdout.trim() === content) return;
  const folder = mkdtempSync(join(tmpdir(), 'breakfix-image-'));
  try {
    cpSync(join(packageRoot, 'dist/shop/shop.mjs'), join(folder, 'shop.mjs'));
    cpSync(join(packageRoot, 'workload/Dockerfile'), join(folder, 'Dockerfile'));
    writeFileSync(join(folder, 'release.json'), releaseFile);
    await run(
      'docker',
      ['build', '--quiet', '--label', `${CONTENT_LABEL}=${content}`, '--tag', reference, folder],
      { signal },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function shopDigest(): Promise<string> {
  const { createHash } = await import('node:crypto');
  const { readFile } = await import('node:fs/promises');
  const hash = createHash('sha256');
  for (const file of ['dist/shop/shop.mjs', 'workload/Dockerfile'])
    hash.update(await readFile(join(packageRoot, file)));
  return hash.digest('hex').slice(0, 16);
}
