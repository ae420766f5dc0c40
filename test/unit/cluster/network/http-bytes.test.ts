import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  HttpSyntaxError,
  RequestParser,
  requestBytes,
  responseBytes,
  ResponseParser,
} from '../../../../src/cluster/network/http-bytes.ts';
import type { HttpRequest, HttpResponse } from '../../../../src/cluster/network/types.ts';

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Bytes in pieces, cut at the given places. */
function pieces(all: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b), all.length];
  return places.slice(1).map((end, index) => all.subarray(places[index], end));
}

const headers = fc.dictionary(
  fc.constantFrom('x-a', 'x-b', 'accept', 'content-type'),
  fc.stringMatching(/^[a-z0-9]([a-z0-9 ;=,/]{0,20}[a-z0-9])?$/),
  { noNullPrototype: true },
);
const request: fc.Arbitrary<HttpRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc.stringMatching(/^\/[a-z0-9/?=&%._-]{0,30}$/),
  headers: headers.map((some) => ({ host: 'x', ...some })),
  body: fc.string({ unit: 'grapheme', maxLength: 200 }),
});
const response: fc.Arbitrary<HttpResponse> = fc.record({
  status: fc.constantFrom(200, 201, 404, 500, 503),
  headers,
  body: fc.string({ unit: 'grapheme', maxLength: 200 }),
});
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

const without = (all: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(all).filter(([name]) => name !== 'content-length' && name !== 'connection'),
  );

describe('requests', () => {
  test('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), cuts, (requests, places) => {
        const all = requests.map((one) =>
          requestBytes({ ...one, headers: { ...one.headers, connection: 'keep-alive' } }),
        );
        const joined = new Uint8Array(all.reduce((sum, one) => sum + one.length, 0));
        let offset = 0;
        for (const one of all) {
          joined.set(one, offset);
          offset += one.length;
        }
        const parser = new RequestParser();
        const found = pieces(joined, places).flatMap((piece) => parser.push(piece));
        expect(found.map((one) => ({ ...one.request, headers: without(one.request.headers) }))).toEqual(
          requests,
        );
        expect(found.every(({ keepAlive }) => keepAlive)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('chunked, with extensions and trailers', () => {
    const parser = new RequestParser();
    const found = parser.push(
      bytes(
        'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET',
      ),
    );
    expect(found.map(({ request: { body } }) => body)).toEqual(['abc0123456789']);
    expect(parser.push(bytes(' / HTTP/1.1\nHost: x\n\n')).length).toBe(1);
  });

  test('keep-alive by version and header', () => {
    const keeps = (head: string): boolean | undefined =>
      new RequestParser().push(bytes(`${head}\r\n\r\n`))[0]?.keepAlive;
    expect(keeps('GET / HTTP/1.1\r\nHost: x')).toBe(true);
    expect(keeps('GET / HTTP/1.1\r\nHost: x\r\nConnection: Close')).toBe(false);
    expect(keeps('GET / HTTP/1.0')).toBe(false);
    expect(keeps('GET / HTTP/1.0\r\nConnection: Keep-Alive')).toBe(true);
  });

  test.each([
    ['no request', 'hello'],
    ['no Host', 'GET / HTTP/1.1'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense'],
    ['a wrong length', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1'],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2'],
    ['HTTP/2', 'PRI * HTTP/2.0'],
    ['a wrong chunk', 'GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz'],
    ['an endless header', `GET / HTTP/1.1\r\nHost: ${'x'.repeat(20_000)}`],
  ])('%s is refused', (_name, text) => {
    expect(() => new RequestParser().push(bytes(`${text}\r\n\r\n`))).toThrow(HttpSyntaxError);
  });

  test('any bytes at all are parsed or refused', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        const parser = new RequestParser();
        try {
          for (const chunk of chunks) parser.push(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(HttpSyntaxError);
        }
      }),
    );
  });
});

describe('responses', () => {
  test('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(response, cuts, (sent, places) => {
        const parser = new ResponseParser('GET');
        const all = responseBytes(sent, { method: 'GET', keepAlive: true });
        const results = pieces(all, places).map((piece) => parser.push(piece));
        expect(results.slice(0, -1).filter((result) => result === 'malformed')).toEqual([]);
        const last = results.find((result) => typeof result === 'object');
        expect(last && { ...last, headers: without(last.headers) }).toEqual(sent);
      }),
    );
  });

  test('a body without a length goes on to the end', () => {
    const parser = new ResponseParser('GET');
    expect(parser.push(bytes('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nhel'))).toBe(
      'more',
    );
    expect(parser.push(bytes('lo'))).toBe('more');
    expect(parser.end()).toEqual({ status: 200, headers: { a: 'b' }, body: 'hello' });
  });

  test('a cut-off body, no body for HEAD and 204, nonsense', () => {
    const cut = new ResponseParser('GET');
    expect(cut.push(bytes('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'))).toBe('more');
    expect(cut.end()).toBe('malformed');
    expect(
      new ResponseParser('HEAD').push(bytes('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')),
    ).toMatchObject({ body: '' });
    expect(new ResponseParser('GET').push(bytes('HTTP/1.1 204 No Content\r\n\r\n'))).toMatchObject({
      status: 204,
    });
    expect(new ResponseParser('GET').push(bytes('SSH-2.0-OpenSSH\r\n\r\n'))).toBe('malformed');
    expect(new ResponseParser('GET').end()).toBe('malformed');
  });

  test('no body is written for HEAD, its length is', () => {
    const text = new TextDecoder().decode(
      responseBytes({ status: 200, headers: {}, body: 'hello' }, { method: 'HEAD', keepAlive: false }),
    );
    expect(text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n');
  });
});
