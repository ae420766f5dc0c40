import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goJson, goJsonLine } from '../../../src/core/go-json.ts';

describe("JSON in Go's form", () => {
  test('what could end a script in a page is an escape', () => {
    expect(goJson({ '<a>': 'b & c', d: '\u2028\u2029' })).toBe(
      String.raw`{"\u003ca\u003e":"b \u0026 c","d":"\u2028\u2029"}`,
    );
  });

  test('everything else is as JavaScript writes it', () => {
    expect(goJson({ a: [1, null, true], b: 'ü "quoted" \n' })).toBe(
      String.raw`{"a":[1,null,true],"b":"ü \"quoted\" \n"}`,
    );
  });

  test('reads back as what was written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = goJson(value);
        expect(text).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('a document ends with a new line', () => {
    expect(goJsonLine({})).toBe('{}\n');
  });
});
