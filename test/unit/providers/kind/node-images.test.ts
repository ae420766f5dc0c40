import { expect, test } from '@jest/globals';
import { missingOn, removeImage } from '../../../../src/providers/kind/node-images.ts';
import { FakePrograms } from './fake-programs.ts';

/** As containerd lists an image that was loaded under two names. */
const LISTED = `echo 'REF TYPE DIGEST SIZE PLATFORMS LABELS'
echo 'shop.test/shop:1.4.2 application/vnd.oci.image.manifest.v1+json sha256:aa 20 MiB linux/amd64 -'
echo 'sha256:c0 application/vnd.oci.image.manifest.v1+json sha256:aa 20 MiB linux/amd64 -'
echo 'shop.test/shop:1.5.0 application/vnd.oci.image.manifest.v1+json sha256:bb 20 MiB linux/amd64 -'`;

test('an image is there under its name and with its configuration: another build of the same name is another', async () => {
  using programs = new FakePrograms();
  programs.set('docker', LISTED);
  const isThere = async (reference: string, id: string): Promise<boolean> =>
    (await missingOn('worker', new Map([[reference, id]]))).length === 0;
  expect(await isThere('shop.test/shop:1.4.2', 'sha256:c0')).toBe(true);
  expect(await isThere('shop.test/shop:1.4.2', 'sha256:c1')).toBe(false);
  expect(await isThere('shop.test/shop:1.5.0', 'sha256:c0')).toBe(false);
  expect(await isThere('shop.test/shop:1.6.0', 'sha256:c1')).toBe(false);
});

test('a node is asked once, for all images', async () => {
  using programs = new FakePrograms();
  programs.set('docker', LISTED);
  const ids = new Map([
    ['shop.test/shop:1.4.2', 'sha256:c0'],
    ['shop.test/shop:1.5.0', 'sha256:c1'],
    ['shop.test/shop:1.6.0', 'sha256:c2'],
  ]);
  expect(await missingOn('worker', ids)).toEqual(['shop.test/shop:1.5.0', 'shop.test/shop:1.6.0']);
  expect(programs.calls()).toHaveLength(1);
});

test('an image is removed with all of its names', async () => {
  using programs = new FakePrograms();
  programs.set('docker', LISTED);
  await removeImage('worker', 'shop.test/shop:1.4.2');
  expect(programs.calls().at(-1)).toBe(
    'docker exec worker ctr --namespace k8s.io images remove --sync shop.test/shop:1.4.2 sha256:c0',
  );
});
