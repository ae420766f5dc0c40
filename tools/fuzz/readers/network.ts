import { parseReference, InvalidReferenceError } from '../../../src/cluster/registry/reference.ts';
import { HttpSyntaxError, RequestParser, ResponseParser } from '../../../src/cluster/network/http-bytes.ts';
import { parseCorefile } from '../../../src/model/corefile/corefile.ts';
import { CorefileError } from '../../../src/model/corefile/dispenser.ts';
import { createTokens } from '../../../src/cluster/apiserver/auth/tokens.ts';
import { bytes, texts } from '../inputs.ts';
import { mustHold, reader, unlessRefused } from '../reader.ts';

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.0 404 Not Found\r\n\r\ntext',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
];

export const podBytes = reader<Buffer>({
  name: 'pod-http',
  reads: 'HTTP as bytes on connections between pods (`nc`, port-forward)',
  inputs: bytes(
    REQUESTS.map((text) => Buffer.from(text)),
    [
      '\r\n',
      '\n',
      ':',
      'HTTP/1.1',
      'Content-Length: ',
      'ffffffff',
      'Transfer-Encoding: chunked',
      ' ',
      '\0',
      '-1',
    ].map((word) => Buffer.from(word)),
  ),
  tested: 250,
  open: () => (sent) => {
    const half = sent.length >> 1;
    unlessRefused(() => {
      const parser = new RequestParser();
      parser.push(sent.subarray(0, half));
      parser.push(sent.subarray(half));
    }, HttpSyntaxError);
    const parser = new ResponseParser('GET');
    if (parser.push(sent.subarray(0, half)) === 'more' && parser.push(sent.subarray(half)) === 'more')
      parser.end();
  },
});

export const corefiles = reader<string>({
  name: 'corefiles',
  reads: 'Corefiles',
  inputs: texts({
    corpus: [
      '.:53 {\n    errors\n    health {\n        lameduck 5s\n    }\n    ready\n    kubernetes cluster.local in-addr.arpa {\n        pods insecure\n        fallthrough\n        ttl 30\n    }\n    forward . /etc/resolv.conf {\n        max_concurrent 1000\n    }\n    cache 30\n    loop\n    reload\n}\n',
      'a.b, c.d:5353 {\n  template IN A {\n    match "^(.*)\\.a\\.b\\.$"\n    answer "{{ .Name }} 60 IN A 1.2.3.4"\n  }\n  rewrite name suffix .x .y answer auto\n  log . { class error }\n  hosts { 1.2.3.4 a b\n fallthrough }\n}\n',
      '. { # a comment\n  erratic { drop 2 \n delay 3 10ms }\n}\n',
    ],
    words: [
      '{',
      '}',
      '\n',
      ' ',
      '"',
      '\\',
      '#',
      ',',
      ':',
      '.',
      'import ',
      '{$A}',
      'errors',
      'cache',
      '30',
      '\r',
      '\ufeff',
      '(a) ',
    ],
  }),
  tested: 250,
  open: () => {
    const files = { find: () => [], read: () => '', warn: () => {} };
    return (text) => unlessRefused(() => parseCorefile('Corefile', text, { files }), CorefileError);
  },
});

export const references = reader<string>({
  name: 'image-references',
  reads: 'names of images',
  inputs: texts({
    corpus: [
      'busybox',
      'registry.k8s.io/pause:3.10',
      'localhost:5000/a/b_c--d:tag',
      `a@sha256:${'0'.repeat(64)}`,
      '[::1]:80/a',
      'docker.io/library/a:b@sha256:0',
    ],
    words: [
      '/',
      ':',
      '@',
      '.',
      '-',
      '_',
      '__',
      'sha256:',
      'a',
      'A',
      '5000',
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ],
  }),
  tested: 250,
  open: () => (text) => unlessRefused(() => parseReference(text), InvalidReferenceError),
});

const tokens = createTokens({ seed: new Uint8Array(32), now: () => 1_700_000_000 });
const right = tokens.issue({
  namespace: 'default',
  serviceAccount: 'default',
  uid: 'u',
  expirationSeconds: 600,
});
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const bearerTokens = reader<string>({
  name: 'tokens',
  reads: 'bearer tokens (JWT)',
  inputs: texts({
    corpus: [right, `${encoded({ alg: 'none' })}.${encoded({})}.`, right.split('.').slice(0, 2).join('.')],
    words: [
      '.',
      '..',
      '=',
      'e30',
      'bnVsbA',
      encoded({ alg: 'none' }),
      right.split('.')[0] ?? '',
      right.split('.')[1] ?? '',
      'A',
    ],
  }),
  tested: 250,
  open: () => (token) => {
    const claims = tokens.verify(token);
    mustHold(
      claims === undefined || claims.sub === 'system:serviceaccount:default:default',
      'only what was signed is believed',
    );
  },
});
