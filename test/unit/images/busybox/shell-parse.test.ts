import { expect, test } from '@jest/globals';
import { parseScript } from '../../../../src/images/busybox/shell/parse.ts';
import { ShellSyntaxError } from '../../../../src/images/busybox/shell/syntax-error.ts';

test.each([
  ['subshells', `${'('.repeat(20_000)}a`],
  ['substitutions', `echo ${'$('.repeat(20_000)}`],
  ['a chain', `${'a && '.repeat(20_000)}b`],
])('%s without an end are refused, and the next script is read', (_, text) => {
  expect(() => parseScript(text)).toThrow(new ShellSyntaxError('nested too deeply'));
  expect(parseScript('echo again')).toHaveLength(1);
});
