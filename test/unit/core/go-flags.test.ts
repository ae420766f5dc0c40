import { expect, test } from '@jest/globals';
import { goFlag } from '../../../src/core/go-flags.ts';

test.each([
  [['-conf', '/etc/a'], '/etc/a'],
  [['--conf', '/etc/a'], '/etc/a'],
  [['-p', '53', '-conf=/etc/a=b'], '/etc/a=b'],
  [['--conf='], ''],
  [['-conf'], undefined],
  [['conf', '-config', '/etc/a'], undefined],
])('of %j', (args, value) => {
  expect(goFlag(args, 'conf')).toBe(value);
});

test('a dot in the name is a dot', () => {
  expect(goFlag(['-dnsXport=1', '-dns.port=5353'], 'dns.port')).toBe('5353');
});
