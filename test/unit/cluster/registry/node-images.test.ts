import { describe, expect, test } from '@jest/globals';
import { createNodeImages } from '../../../../src/cluster/registry/node-images.ts';
import type { Image } from '../../../../src/cluster/runtime/types.ts';

const image = (letter: string, sizeBytes: number): Image => ({
  digest: `sha256:${letter.repeat(64)}`,
  sizeBytes,
  config: {},
  files: [],
});

describe('the images of a node', () => {
  const busybox = image('b', 10);
  const web = image('c', 30);

  test('are found under every form of their name', () => {
    const images = createNodeImages({ loaded: { 'docker.io/library/busybox:1.37': busybox } });
    const found = {
      image: busybox,
      name: 'docker.io/library/busybox:1.37',
      id: `docker.io/library/busybox@${busybox.digest}`,
    };
    expect(images.find('busybox:1.37')).toEqual(found);
    expect(images.find(`busybox@${busybox.digest}`)).toEqual(found);
    expect(images.find(busybox.digest)).toEqual(found);
    expect(images.find('busybox')).toBeUndefined();
    expect(images.find('Not A Name')).toBeUndefined();
    expect(images.find(`other@${busybox.digest}`)).toBeUndefined();
  });

  test('collect names, lose a tag that moves, and go with all their names', () => {
    const images = createNodeImages({ loaded: { 'registry.shop.test/shop/web:1': busybox } });
    images.add('registry.shop.test/shop/web:2', busybox);
    images.add('registry.shop.test/shop/web:1', web);
    expect(images.list()).toEqual([
      {
        names: [`registry.shop.test/shop/web@${web.digest}`, 'registry.shop.test/shop/web:1'],
        sizeBytes: 30,
      },
      {
        names: [`registry.shop.test/shop/web@${busybox.digest}`, 'registry.shop.test/shop/web:2'],
        sizeBytes: 10,
      },
    ]);
    expect(images.remove('registry.shop.test/shop/web:1')).toBe(true);
    expect(images.remove('registry.shop.test/shop/web:1')).toBe(false);
    expect(images.find('registry.shop.test/shop/web:2')?.image).toBe(busybox);
  });

  test('pulled by digest have no tag', () => {
    const images = createNodeImages({ loaded: {} });
    expect(images.add(`registry.shop.test/shop/web@${web.digest}`, web)).toEqual({
      image: web,
      name: `registry.shop.test/shop/web@${web.digest}`,
      id: `registry.shop.test/shop/web@${web.digest}`,
    });
  });
});
