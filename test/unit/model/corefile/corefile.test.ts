import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { configurationHash } from '../../../../src/cluster/dns/configuration-hash.ts';
import { parseCorefile, type CorefileOptions } from '../../../../src/model/corefile/corefile.ts';
import { CorefileError } from '../../../../src/model/corefile/dispenser.ts';
import { KIND_COREFILE } from '../../cluster/dns/goldens.ts';

const KNOWN = new Set(['errors', 'health', 'cache', 'log', 'template', 'forward']);
const NO_FILES: CorefileOptions['files'] = { find: () => [], read: () => '', warn: () => {} };
const parse = (text: string, files = NO_FILES) => parseCorefile('Corefile', text, { known: KNOWN, files });
const words = (text: string, files = NO_FILES) =>
  parse(text, files).map(({ keys, directives }) => [
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

  test('snippets stand where they are imported: in blocks, in braces, at top level, in each other', () => {
    const text = `(names) {
  log
  import inner
}
(inner) {
  match x
}
(servers) {
  b.test {
    errors
  }
}
import servers
a.test {
  cache 30
  template IN A {
    import inner
    answer y
  }
  import plain
}
(plain) {
}
`;
    // Only what is above is known.
    expect(() => words(text)).toThrow('Corefile:20 - Error during parsing: File to import not found: plain');
    expect(
      words(text.replace('import plain', 'import logs').replace('(names)', '(logs) { log b }\n(names)')),
    ).toEqual([
      [['b.test'], { errors: ['errors'] }],
      [
        ['a.test'],
        {
          cache: ['cache', '30'],
          template: ['template', 'IN', 'A', '{', 'match', 'x', 'answer', 'y', '}'],
          log: ['log', 'b'],
        },
      ],
    ]);
  });

  test('files are imported relative to the file that imports, and may hold snippets and servers', () => {
    const files: Record<string, string> = {
      '/etc/dns/part': 'log\nimport sub/*.conf',
      '/etc/dns/sub/a.conf': 'import b\ncache 10\n',
      '/etc/dns/sub/b': '# the last\nforward . 10.0.0.1',
    };
    const warnings: string[] = [];
    const source: CorefileOptions['files'] = {
      find: (pattern) =>
        pattern.includes('*') ? Object.keys(files).filter((file) => file.endsWith('.conf')) : [pattern],
      read: (path) => {
        const text = files[path];
        if (text === undefined) throw new Error(`open ${path}: permission denied`);
        return text;
      },
      warn: (text) => warnings.push(text),
    };
    const parsed = parseCorefile('/etc/dns/Corefile', '.:53 {\n errors\n import part\n}\n', {
      files: source,
    });
    expect([...(parsed[0]?.directives ?? [])].map(([name, tokens]) => [name, tokens[0]?.file])).toEqual([
      ['errors', undefined],
      ['log', '/etc/dns/part'],
      ['forward', '/etc/dns/sub/b'],
      ['cache', '/etc/dns/sub/a.conf'],
    ]);
    expect(() => parse('.:53 {\n import /etc/none\n}', source)).toThrow(
      'Corefile:2 - Error during parsing: Could not import /etc/none: open /etc/none: permission denied',
    );
    files['/part2'] = '\nfoo';
    // An error names the file that it is in.
    expect(() => parse('.:53 {\n import part2\n}', source)).toThrow(
      "/part2:2 - Error during parsing: Unknown directive 'foo'",
    );
    expect(words('import /etc/*.none\n.:53 {\n}', { ...source, find: () => [] })).toEqual([[['.:53'], {}]]);
    expect(warnings).toEqual(['No files matching import glob pattern: /etc/*.none']);
  });

  // As coredns/caddy says it.
  test.each([
    [
      '.:53 {\n import\n}',
      "2 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
    ],
    ['.:53 {\n import ""\n}', '2 - Error during parsing: Import requires a non-empty filepath'],
    [
      '.:53 {\n import a b\n}',
      '2 - Error during parsing: Import takes only one argument (glob pattern or file)',
    ],
    ['import a', '1 - Error during parsing: File to import not found: a'],
    [
      'import */*',
      '1 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: /*/*',
    ],
    [
      'import [a]',
      '1 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: /[a]',
    ],
    ['import [a', '1 - Error during parsing: Failed to use import pattern [a: syntax error in pattern'],
    ['(a) {\n log\n}\n(a) {\n}', '4 - Error during parsing: redeclaration of previously declared snippet a'],
    ['(a)\nlog', "2 - Syntax error: Unexpected token 'log', expecting '{'"],
    ['(a) {\n log {\n }\n', "3 - Syntax error: Unexpected token '}', expecting '}'"],
    ['(a) {\n import a\n}', '3 - Error during parsing: maximum snippet import depth (1000) exceeded'],
    [
      '(a) {\n import b\n}\n(b) {\n import a\n}\n.:53 {\n import a\n}',
      '5 - Error during parsing: maximum snippet import depth (1000) exceeded',
    ],
  ])('%j', (text, message) => {
    expect(() => parse(text)).toThrow(new CorefileError(`Corefile:${message}`));
  });

  test('files that import each other come to an end', () => {
    const files = { ...NO_FILES, find: (path: string) => [path], read: () => 'import x' };
    expect(() => parse('import x', files)).toThrow(
      '/x:1 - Error during parsing: maximum file import depth (1000) exceeded',
    );
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
      'import',
      '(a)',
      'a',
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
    expect(
      configurationHash(parseCorefile('/etc/coredns/Corefile', KIND_COREFILE, { files: NO_FILES })),
    ).toBe(
      '1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b',
    );
    const other = parseCorefile('Corefile', KIND_COREFILE.replace('errors', 'errors # comment'), {
      files: NO_FILES,
    });
    expect(configurationHash(other)).toBe(
      configurationHash(parseCorefile('Corefile', KIND_COREFILE, { files: NO_FILES })),
    );
  });
});
