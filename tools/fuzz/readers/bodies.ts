import fc from 'fast-check';
import { StatusError } from '../../../src/cluster/api.ts';
import { validateFields } from '../../../src/cluster/apiserver/field-validation.ts';
import { readYaml } from '../../../src/cluster/apiserver/http/yaml.ts';
import { parseJson } from '../../../src/cluster/apiserver/json-document.ts';
import { isObject } from '../../../src/core/json.ts';
import { ParseError } from '../../../src/model/parse-error.ts';
import { roundTrip } from '../../../src/model/schema/round-trip.ts';
import { schemaOf } from '../../../src/model/schema/schema.ts';
import type { TypeSchema } from '../../../src/model/schema/types.ts';
import { samples } from '../corpus.ts';
import { texts } from '../inputs.ts';
import { reader, unlessRefused } from '../reader.ts';

function schemaOfSample({ apiVersion, kind }: Readonly<Record<string, unknown>>): TypeSchema | undefined {
  const [version = '', group = ''] = String(apiVersion).split('/').reverse();
  return schemaOf(group, version, String(kind));
}

const schemas = samples.flatMap(({ object }) => schemaOfSample(object) ?? []);

/** A text, and the type that it is read as. */
interface Body {
  readonly text: string;
  readonly type: number;
}

const body = (text: fc.Arbitrary<string>): fc.Arbitrary<Body> =>
  fc.record({ text, type: fc.nat(schemas.length - 1) });

function readAs(value: unknown, type: number): void {
  const schema = schemas[type];
  if (isObject(value) && schema !== undefined) JSON.stringify(roundTrip(value, schema));
}

const JSON_WORDS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '\\u',
  '\\',
  'null',
  'true',
  '-',
  '0',
  '1e999',
  '.5',
  '"a"',
  '"__proto__":',
  ' ',
  '\n',
  '/*',
];

export const jsonBodies = reader<Body>({
  name: 'json-bodies',
  reads: 'bodies in JSON, read into their types',
  inputs: body(texts({ corpus: samples.map(({ object }) => JSON.stringify(object)), words: JSON_WORDS })),
  tested: 250,
  open:
    () =>
    ({ text, type }) => {
      const value = unlessRefused(() => parseJson(text), ParseError, SyntaxError);
      const schema = schemas[type];
      if (schema !== undefined) unlessRefused(() => validateFields(text, schema), ParseError);
      readAs(value, type);
    },
});

const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
  .split('')
  .map(
    (name, index) =>
      `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[index]}`).join(',')}]`,
  )
  .join('\n')}\n`;

export const yamlBodies = reader<Body>({
  name: 'yaml-bodies',
  reads: 'bodies in YAML (`kubectl apply --server-side`)',
  inputs: body(
    texts({
      corpus: [
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: |\n    text\n  b: "q"\n',
        'a: &x {b: [1, 2.5, ~, true]}\nc: *x\n? d\n: !!str e\n',
        '- 2026-11-22\n- 0x1F\n- .inf\n- !!binary AAEC\n- >-\n  folded\n',
        '%YAML 1.2\n---\na: b\n...\n---\nc: d\n',
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}',
        '<<: {a: 1}\nb: <<\n',
        BOMB,
      ],
      words: [
        '- ',
        ': ',
        '\n',
        '  ',
        '\t',
        '&a',
        '*a',
        '!!',
        '!',
        '|',
        '>',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '#',
        '? ',
        '---',
        '<<: *a',
        '\u0085',
        '%TAG',
      ],
    }),
  ),
  usual: 1_000_000,
  tested: 250,
  open:
    () =>
    ({ text, type }) => {
      const value = unlessRefused(() => readYaml(text), StatusError);
      const schema = schemas[type];
      if (isObject(value) && schema !== undefined) validateFields(value, schema);
      readAs(value, type);
    },
});
