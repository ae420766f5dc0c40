import { describe, expect, test } from '@jest/globals';
import {
  serveFlagz,
  serveStatusz,
  type ServerFacts,
} from '../../../../../src/cluster/apiserver/http/z-pages.ts';
import type { ApiRequest } from '../../../../../src/cluster/apiserver/types.ts';

const START = Date.parse('2026-11-05T10:00:00.5Z') * 1000;
const SERVER: ServerFacts = {
  startedAt: START,
  now: START + 3_723_000_000,
  goVersion: 'go1.26.8',
  gitVersion: 'v1.36.3',
  flags: ['advertise-address=172.18.0.2', 'authorization-mode=Node,RBAC', 'secure-port=6443'],
};
const request = (accept = '', agent = ''): ApiRequest => ({
  method: 'GET',
  path: '/statusz',
  query: '',
  headers: { accept, 'user-agent': agent },
  body: Buffer.of(),
});
const text = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();

describe('/statusz', () => {
  test('is a page of text', () => {
    const page = serveStatusz(request('application/json, */*'), SERVER);
    expect(page.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text(page).split('\n').slice(4).join('\n')).toBe(
      [
        'Started: Thu Nov  5 10:00:00 UTC 2026',
        'Up: 1 hr 02 min 03 sec',
        'Go version: go1.26.8',
        'Binary version: 1.36.3',
        'Emulation version: 1.36',
        'Paths: /flagz /healthz /livez /metrics /readyz /statusz /version',
        '',
      ].join('\n'),
    );
  });

  test('another instant separates otherwise', () => {
    const separators = [0, 1, 2, 3].map((milliseconds) => {
      const page = serveStatusz(request(), { ...SERVER, now: SERVER.now + milliseconds * 1000 });
      return /Go version(.*)go1/.exec(text(page))?.[1];
    });
    expect(new Set(separators)).toEqual(new Set([': ', ':  ', '= ', '  ']));
  });

  test.each(['v1beta1', 'v1alpha1'])('is an object of %s for who asks', (version) => {
    const page = serveStatusz(request(`application/json;as=Statusz;v=${version};g=config.k8s.io`), SERVER);
    expect(page.headers['content-type']).toBe(`application/json;g=config.k8s.io;v=${version};as=Statusz`);
    expect(page.headers['warning']).toBe(
      version === 'v1beta1'
        ? undefined
        : '299 - "This version of the statusz endpoint is deprecated. Please use a newer version."',
    );
    expect(JSON.parse(text(page))).toMatchObject({
      kind: 'Statusz',
      apiVersion: `config.k8s.io/${version}`,
      metadata: { name: 'apiserver' },
      startTime: '2026-11-05T10:00:00Z',
      uptimeSeconds: 3723,
    });
  });

  test.each([
    'application/json',
    'text/html',
    'application/json;as=Statusz;v=v1;g=config.k8s.io',
    'application/json;as=Flagz;v=v1beta1;g=config.k8s.io',
  ])('is not to be had as %s', (accept) => {
    expect(() => serveStatusz(request(accept), SERVER)).toThrow(
      'only the following media types are accepted: application/json, application/yaml, text/plain',
    );
  });
});

describe('/flagz', () => {
  test('names all flags: those of the command, and the others as they are by themselves', () => {
    const lines = text(serveFlagz(request('text/plain'), SERVER)).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '',
      'apiserver flagz',
      expect.stringMatching(/^Warning: This endpoint is not meant to be machine parseable/),
      'admission-control:[]',
    ]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'advertise-address:172.18.0.2',
        'authorization-mode:[Node,RBAC]',
        'event-ttl:1h0m0s',
        'external-hostname:172.18.0.2',
        'secure-port:6443',
      ]),
    );
  });

  test('is YAML for who asks, and indented for people', () => {
    const yaml = serveFlagz(request('application/yaml;as=Flagz;v=v1beta1;g=config.k8s.io'), SERVER);
    expect(text(yaml)).toMatch(/^apiVersion: config\.k8s\.io\/v1beta1\nflags:\n/);
    const json = serveFlagz(request('application/json;as=Flagz;v=v1beta1;g=config.k8s.io', 'curl/8'), SERVER);
    expect(text(json)).toMatch(/^{\n {2}"kind": "Flagz",/);
  });
});
