import { expect, test } from '@jest/globals';
import { isLoginFor } from '../../../../src/cluster/registry/login-keys.ts';
import { parseReference } from '../../../../src/cluster/registry/reference.ts';

const SHOP = 'images.shop.test:5000/team/shop:1.5.0';

test.each([
  [true, 'images.shop.test:5000', SHOP],
  [true, 'https://images.shop.test:5000', SHOP],
  [true, 'https://images.shop.test:5000/v1/', SHOP],
  [true, 'images.shop.test:5000/v2/', SHOP],
  [true, '*.shop.test:5000', SHOP],
  [true, 'image?.sh[a-o]p.test:5000', SHOP],
  [true, 'images.shop.test:5000/team', SHOP],
  [true, 'images.shop.test:5000/te', SHOP],
  [false, 'images.shop.test:5000/other', SHOP],
  [false, 'images.shop.test', SHOP],
  [false, '*.shop.test', SHOP],
  [false, '*.test:5000', SHOP],
  [false, 'imagesXshop.test:5000', SHOP],
  [false, '[.shop.test:5000', SHOP],
  [false, '', SHOP],
  [true, 'https://index.docker.io/v1/', 'busybox:1.37'],
  [true, 'docker.io', 'busybox:1.37'],
  [false, 'index.docker.io', SHOP],
])('%s: %s for %s', (fits, key, image) => {
  expect(isLoginFor(key, parseReference(image))).toBe(fits);
});
