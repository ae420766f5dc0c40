import fc from 'fast-check';

/** A change to a text; where it is done is told in thousandths of its length, so that it fits every text. */
type Edit =
  | { readonly kind: 'delete' | 'double'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert' | 'replace'; readonly at: number; readonly text: string }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | {
      readonly kind: 'nest';
      readonly at: number;
      readonly pair: readonly [string, string];
      readonly times: number;
    }
  | { readonly kind: 'splice'; readonly at: number; readonly other: string; readonly from: number };

/** No text gets longer than this; much more than what any reader takes in one piece is no other case. */
const LONGEST = 300_000;

const PAIRS = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
  ['"', '"'],
  ['{"a":', '}'],
  ['$(', ')'],
  ['- ', ''],
] as const;

/** Mostly few: an input of many takes long to read, and is seldom another case. */
const times = fc.oneof(
  { weight: 400, arbitrary: fc.integer({ min: 2, max: 20 }) },
  { weight: 20, arbitrary: fc.constantFrom(100, 300) },
  { weight: 1, arbitrary: fc.constantFrom(2000, 20_000, 100_000) },
);

/** What a kind of text is made of. */
export interface Language {
  /** Texts that are right. */
  readonly corpus: readonly string[];
  /** Words and signs that mean something in it. */
  readonly words: readonly string[];
  /** One character of it; anything of Unicode where it is left out. */
  readonly unit?: fc.Arbitrary<string>;
}

/** Right texts with mistakes in them, words in any order, and a few texts of nothing but chance. */
export function texts({
  corpus,
  words,
  unit = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
}: Language): fc.Arbitrary<string> {
  const chance = fc.string({ unit, maxLength: 40 });
  const word = fc.oneof(fc.constantFrom(...words), chance);
  const soup = fc.array(word, { maxLength: 12 }).map((parts) => parts.join(''));
  const right = fc.constantFrom(...corpus);
  const edited = fc.tuple(right, fc.array(edits(corpus, word), { maxLength: 5 })).map(applied);
  return fc.oneof(
    { weight: 6, arbitrary: edited },
    { weight: 3, arbitrary: soup },
    { weight: 1, arbitrary: chance },
  );
}

function edits(corpus: readonly string[], word: fc.Arbitrary<string>): fc.Arbitrary<Edit> {
  const at = fc.nat(1000);
  const length = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.nat(200));
  return fc.oneof(
    fc.record({ kind: fc.constantFrom('delete', 'double'), at, length }),
    fc.record({ kind: fc.constantFrom('insert', 'replace'), at, text: word }),
    fc.record({ kind: fc.constant('repeat'), at, length, times }),
    fc.record({ kind: fc.constant('nest'), at, pair: fc.constantFrom(...PAIRS), times }),
    fc.record({ kind: fc.constant('splice'), at, other: fc.constantFrom(...corpus), from: at }),
  );
}

function applied([text, all]: [string, readonly Edit[]]): string {
  return all.reduce((before, edit) => apply(before, edit).slice(0, LONGEST), text);
}

function apply(text: string, edit: Edit): string {
  const at = Math.round((text.length * edit.at) / 1000);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (edit.kind) {
    case 'delete':
      return before + after.slice(edit.length);
    case 'double':
      return before + after.slice(0, edit.length) + after;
    case 'insert':
      return before + edit.text + after;
    case 'replace':
      return before + edit.text + after.slice(edit.text.length);
    case 'repeat':
      return before + repeated(after.slice(0, edit.length), edit.times) + after;
    case 'nest': {
      const [open, close] = edit.pair;
      return (
        before + repeated(open, edit.times) + after.slice(0, 3) + repeated(close, edit.times) + after.slice(3)
      );
    }
    case 'splice':
      return before + edit.other.slice(Math.round((edit.other.length * edit.from) / 1000));
  }
}

function repeated(text: string, count: number): string {
  return text === '' ? '' : text.repeat(Math.min(count, Math.ceil(LONGEST / text.length)));
}

/** As {@link texts}, of bytes. */
export function bytes(corpus: readonly Uint8Array[], words: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const latin1 = (one: Uint8Array): string => Buffer.from(one).toString('latin1');
  const unit = fc.nat(255).map((code) => String.fromCharCode(code));
  return texts({ corpus: corpus.map(latin1), words: words.map(latin1), unit }).map((text) =>
    Buffer.from(text, 'latin1'),
  );
}

/** Values that a field is seldom tried with. */
const SURPRISES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  -0,
  1e21,
  1e308,
  100_000,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  '',
  ' ',
  '0',
  '-1',
  '1e999999999',
  'a',
  'constructor',
  '__proto__',
  'toString',
  '\0',
  '\ud800',
  '../..',
  '{{.}}',
  '$(A)',
  '%',
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: 1 },
  { '': '' },
  { constructor: {} },
  { name: null },
  ['a', 'a'],
  '9'.repeat(400),
  'a.'.repeat(200),
  '１',
];

const surprise = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...SURPRISES) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 30 })
      .chain((depth) => fc.constantFrom('[', '{').map((open) => nestedValue(open, depth))),
  },
);

function nestedValue(open: string, depth: number): unknown {
  let value: unknown = null;
  for (let left = depth; left > 0; left--) value = open === '[' ? [value] : { a: value };
  return value;
}

type ValueEdit =
  | { readonly kind: 'set'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'remove' | 'double'; readonly at: number }
  | { readonly kind: 'add'; readonly at: number; readonly key: string; readonly value: unknown }
  | { readonly kind: 'move'; readonly at: number; readonly from: number };

/**
 * Right documents with surprises in them.
 * @param keys names of fields that may be added
 */
export function documents(
  corpus: readonly unknown[],
  keys: readonly string[] = ['a'],
): fc.Arbitrary<unknown> {
  const at = fc.nat(10_000);
  const key = fc.oneof(
    fc.constantFrom(...keys),
    fc.constantFrom('__proto__', 'constructor', '', '$patch', 'a'),
    fc.string({ maxLength: 5 }),
  );
  const edit: fc.Arbitrary<ValueEdit> = fc.oneof(
    fc.record({ kind: fc.constant('set'), at, value: surprise }),
    fc.record({ kind: fc.constantFrom('remove', 'double'), at }),
    fc.record({ kind: fc.constant('add'), at, key, value: surprise }),
    fc.record({ kind: fc.constant('move'), at, from: at }),
  );
  return fc
    .tuple(fc.nat(corpus.length - 1), fc.array(edit, { maxLength: 4 }))
    .map(([index, all]) => all.reduce(changed, structuredClone(corpus[index])));
}

/** A place in a document: what holds it, and its key there. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

function changed(document: unknown, edit: ValueEdit): unknown {
  const places = placesOf(document);
  const place = places[edit.at % Math.max(1, places.length)];
  if (place === undefined) return edit.kind === 'set' ? structuredClone(edit.value) : document;
  const value = valueAt(place);
  switch (edit.kind) {
    case 'set':
      put(place, structuredClone(edit.value));
      break;
    case 'remove':
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
      else Reflect.deleteProperty(place.holder, place.key);
      break;
    case 'double':
      if (Array.isArray(place.holder)) place.holder.push(structuredClone(value));
      else put({ ...place, key: `${place.key}2` }, structuredClone(value));
      break;
    case 'add':
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        put({ holder: value as Record<string, unknown>, key: edit.key }, structuredClone(edit.value));
      }
      break;
    case 'move': {
      const from = places[edit.from % places.length];
      if (from !== undefined) put(place, structuredClone(valueAt(from)));
    }
  }
  return document;
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Place['holder'];
  return Object.entries(holder).flatMap(([key, item]) => [{ holder, key }, ...placesOf(item)]);
}

const valueAt = ({ holder, key }: Place): unknown => (holder as Record<string, unknown>)[key];

/** As `JSON.parse` does it: a key that is called `__proto__` is one like others. */
function put({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
