import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { configurationHash, parseCorefile } from '../../../../src/cluster/dns/corefile.ts';
import { CorefileError } from '../../../../src/cluster/dns/dispenser.ts';
import { KIND_COREFILE } from './goldens.ts';

const KNOWN = new Set(['errors', 'health', 'cache', 'log', 'template', 'forward']);
const parse = (text: string) => parseCorefile('Corefile', text, KNOWN);
const words = (text: string) =>
  parse(text).map(({ keys, directives }) => [
    keys,
    Object.fromEntries([...directives].map(([name, tokens]) => [name, tokens.map((token) => token.text)])),
  ]);

describe('Corefile', () => {
  test('blocks, zones, nested blocks, comments, quotes', () => {
    expect(
      words(`# of the cluster
a.test:53, b.test {
  errors # to stdout
  health :8080 {
    lameduck 5s
  }
  template IN A {
    answer "{{ .Name }} 60 IN TXT \\"x y\\""
  }
  log
  log b.test
}
. {
  cache 30
}`),
    ).toEqual([
      [
        ['a.test:53', 'b.test'],
        {
          errors: ['errors'],
          health: ['health', ':8080', '{', 'lameduck', '5s', '}'],
          template: ['template', 'IN', 'A', '{', 'answer', '{{ .Name }} 60 IN TXT "x y"', '}'],
          log: ['log', 'log', 'b.test'],
        },
      ],
      [['.'], { cache: ['cache', '30'] }],
    ]);
  });

  test('one server needs no braces; nothing at all is nothing', () => {
    expect(words('.:53\nerrors\ncache 30\n')).toEqual([
      [['.:53'], { errors: ['errors'], cache: ['cache', '30'] }],
    ]);
    expect(words('')).toEqual([]);
    expect(words('# nothing\n')).toEqual([]);
    expect(words('a.test')).toEqual([[['a.test'], {}]]);
  });

  // Every line as CoreDNS 1.14.2 said it.
  test.each([
    ['.:53 {\n errors\n foo\n}', "Corefile:3 - Error during parsing: Unknown directive 'foo'"],
    ['.:53 {\n errors\n cache 30\n', "Corefile:3 - Syntax error: Unexpected token '30', expecting '}'"],
    [
      '.:53 {\n errors }\n}',
      "Corefile:2 - Error during parsing: Unexpected '}' because no matching opening brace",
    ],
    ['.:53 {\n health {\n', 'Corefile:2 - Error during parsing: Unexpected EOF'],
    ['.:53,\n', 'Corefile:1 - Error during parsing: Unexpected EOF'],
    [
      '.:53, {\n errors\n}',
      "Corefile:1 - Error during parsing: Expected another address but had '{' - check for extra comma",
    ],
    ['.:53 {\n"errors\n}\n', "Corefile:2 - Error during parsing: Unknown directive 'errors\n}\n'"],
  ])('%j', (text, message) => {
    expect(() => parse(text)).toThrow(new CorefileError(message));
  });

  test('a brace too many is another server', () => {
    expect(words('.:53 {\n errors\n}\n}')).toEqual([
      [['.:53'], { errors: ['errors'] }],
      [['}'], {}],
    ]);
  });

  test('any text is parsed or refused in words', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      'errors',
      'cache',
      '.:53',
      ',',
      '"',
      '#',
      '\n',
      ' ',
      'a.test,',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (some) => {
        try {
          parse(some.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(CorefileError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('the hash is the one that the real server prints', () => {
    expect(configurationHash(parseCorefile('/etc/coredns/Corefile', KIND_COREFILE))).toBe(
      '1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b',
    );
    const other = parseCorefile('Corefile', KIND_COREFILE.replace('errors', 'errors # comment'));
    expect(configurationHash(other)).toBe(configurationHash(parseCorefile('Corefile', KIND_COREFILE)));
  });
});
