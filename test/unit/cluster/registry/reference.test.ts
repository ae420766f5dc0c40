import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalName,
  InvalidReferenceError,
  parseReference,
  readReference,
} from '../../../../src/cluster/registry/reference.ts';

const DIGEST = `sha256:${'a1'.repeat(32)}`;

describe('image references', () => {
  test.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.37', 'docker.io/library/busybox:1.37'],
    ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
    ['docker.io/busybox:1', 'docker.io/library/busybox:1'],
    ['index.docker.io/busybox:1', 'docker.io/library/busybox:1'],
    ['localhost/app', 'localhost/app:latest'],
    ['registry.shop.test:5000/shop/web:1.4.2', 'registry.shop.test:5000/shop/web:1.4.2'],
    ['REGISTRY/app:1', 'REGISTRY/app:1'],
    ['172.18.0.200:5000/a/b/c', '172.18.0.200:5000/a/b/c:latest'],
    ['[fd00::1]:5000/a:1', '[fd00::1]:5000/a:1'],
    ['a__b/c-d.e--f:T_a.g-1', 'docker.io/a__b/c-d.e--f:T_a.g-1'],
    [`shop/web@${DIGEST}`, `docker.io/shop/web@${DIGEST}`],
    [`shop/web:1.4@${DIGEST}`, `docker.io/shop/web@${DIGEST}`],
  ])('%s is %s', (text, name) => {
    expect(canonicalName(parseReference(text))).toBe(name);
  });

  test.each([
    ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
    ['localhost:5000/shop/WEB:1', 'invalid reference format: repository name (shop/WEB) must be lowercase'],
    ['shop/web:', 'invalid reference format'],
    ['shop web', 'invalid reference format'],
    ['', 'invalid reference format'],
    [':1.0', 'invalid reference format'],
    ['shop/web:1:2', 'invalid reference format'],
    ['shop//web', 'invalid reference format'],
    ['/web', 'invalid reference format'],
    ['shop/web_', 'invalid reference format'],
    ['shop/a___b', 'invalid reference format'],
    ['web:-1', 'invalid reference format'],
    [`web:${'x'.repeat(129)}`, 'invalid reference format'],
    ['https://registry.shop.test/web:1', 'invalid reference format'],
    ['web@sha256:abc', 'invalid reference format'],
    [`web@sha256:${'a'.repeat(63)}`, 'invalid checksum digest length'],
    [`web@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
    [`web@md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
    [
      'a'.repeat(64),
      `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    ],
    ['b'.repeat(240), 'repository name must not be more than 255 characters'],
  ])('%s is none', (text, problem) => {
    expect(readReference(text)).toEqual({ error: problem });
    expect(() => parseReference(text)).toThrow(`couldn't parse image name "${text}": ${problem}`);
  });

  test('any text is either refused or has a full form that means itself', () => {
    const text = fc.stringMatching(/^[a-zA-Z0-9._:/@-]{0,40}$/);
    fc.assert(
      fc.property(text, (candidate) => {
        let full: string;
        try {
          full = canonicalName(parseReference(candidate));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidReferenceError);
          return;
        }
        expect(readReference(full)).toEqual({ full });
      }),
    );
  });
});
