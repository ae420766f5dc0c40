import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { contains, formatIp, parseCidr } from '../../../../src/cluster/network/addresses.ts';
import { reverseName, zoneOf } from '../../../../src/cluster/dns/messages.ts';
import { parseZone, zonesOf } from '../../../../src/cluster/dns/zones.ts';

describe('zones', () => {
  test.each([
    ['Shop.Test.', { zones: ['shop.test'], port: undefined }],
    ['dns://.:5353', { zones: [''], port: 5353 }],
    ['10.0.0.0/8', { zones: ['10.in-addr.arpa'], port: undefined }],
    ['10.1.2.0/24:53', { zones: ['2.1.10.in-addr.arpa'], port: 53 }],
    ['10.1.2.3/32', { zones: ['3.2.1.10.in-addr.arpa'], port: undefined }],
    ['10.1.2.3/30', { zones: [0, 1, 2, 3].map((last) => `${last}.2.1.10.in-addr.arpa`), port: undefined }],
    ['10.98.1.1/15', { zones: ['98.10.in-addr.arpa', '99.10.in-addr.arpa'], port: undefined }],
    ['0.0.0.0/0', { zones: ['in-addr.arpa'], port: undefined }],
    ['fd00::/8', { zones: ['d.f.ip6.arpa'], port: undefined }],
    ['fd00:10::/30', { zones: [0, 1, 2, 3].map((n) => `${n}.1.0.0.0.0.d.f.ip6.arpa`), port: undefined }],
    // No networks, but names.
    ['10.0.0.0', { zones: ['10.0.0.0'], port: undefined }],
    ['10.0.0.0/33', { zones: ['10.0.0.0/33'], port: undefined }],
    ['10.0.0/8', { zones: ['10.0.0/8'], port: undefined }],
  ])('%s', (text, expected) => {
    expect(parseZone(text)).toEqual(expected);
  });

  test.each([
    ['a..b', 'zone is not a valid domain name: a..b'],
    ['.a:53', 'zone is not a valid domain name: .a'],
    [`${'x'.repeat(64)}.test`, `zone is not a valid domain name: ${'x'.repeat(64)}.test`],
    ['a:', 'expecting data after last colon: "a:"'],
    ['dns://', 'expecting data after last colon: ""'],
    ['x.'.repeat(128), 'specified zone is too long: 256 > 255'],
    ['::/8', 'invalid CIDR ::/8'],
    ['0abc::/8', 'invalid CIDR 0abc::/8'],
  ])('%j', (text, message) => {
    expect(() => parseZone(text)).toThrow(new Error(message));
  });

  test('plugins leave out what is none', () => {
    expect(zonesOf(['a..b', '10.2.0.0/15', 'a.test'])).toEqual([
      '2.10.in-addr.arpa',
      '3.10.in-addr.arpa',
      'a.test',
    ]);
  });

  test('the zones of a network hold its addresses and no other', () => {
    const address = fc.nat(0xffffffff).map(formatIp);
    fc.assert(
      fc.property(address, address, fc.nat(32), (base, other, bits) => {
        const zones = zonesOf([`${base}/${bits}`]);
        for (const ip of [base, other]) {
          const inside = contains(parseCidr(`${base}/${bits}`), ip);
          expect(zoneOf(reverseName(ip), zones) !== undefined).toBe(inside);
        }
      }),
    );
  });
});
