import { describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '../../../../src/cluster/network/types.ts';
import type { NetError } from '../../../../src/cluster/network/types.ts';
import type { Network } from '../../../../src/cluster/network/types.ts';
import type { PullResult, RegistryLogin } from '../../../../src/cluster/registry/registries.ts';
import { createRegistries } from '../../../../src/cluster/registry/registries.ts';
import type { RegistrySpec } from '../../../../src/cluster/registry/types.ts';
import type { Image } from '../../../../src/cluster/runtime/types.ts';
import { SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';
import { createNetwork } from '../../../../src/cluster/network/network.ts';
import { WatchedObjects } from '../network/support.ts';

const HOST = 'registry.shop.test:5000';
const image = (letter: string): Image => ({
  digest: `sha256:${letter.repeat(64)}`,
  sizeBytes: 60_000_000,
  config: {},
  files: [],
});
const web = image('a');
const LOGIN = { registry: HOST, username: 'ci', password: 'secret' };

class Lab {
  readonly simulation = new Simulation({ seed: 'seed', epoch: Date.UTC(2026, 0, 1) * 1000 });
  readonly network: Network = createNetwork({
    simulation: this.simulation,
    api: new WatchedObjects(this.simulation),
    nodes: [{ name: 'worker', ip: '172.18.0.2', podCIDR: '10.244.0.0/24' }],
    serviceCidr: '10.96.0.0/16',
  });
  readonly registries;

  constructor(spec: Partial<RegistrySpec> = {}) {
    this.registries = createRegistries({
      simulation: this.simulation,
      network: this.network,
      specs: [{ host: HOST, repositories: { 'shop/web': { '1.4.2': web } }, ...spec }],
    });
  }

  async pull(
    reference: string,
    logins: readonly RegistryLogin[] = [],
  ): Promise<PullResult & { seconds: number }> {
    const from = this.simulation.now;
    let result: (PullResult & { seconds: number }) | undefined;
    this.registries.pull(reference, logins, (pulled) => {
      result = { ...pulled, seconds: (this.simulation.now - from) / SECOND };
    });
    await this.simulation.advanceTo(from + 60 * SECOND);
    if (result === undefined) throw new Error('no result');
    return result;
  }

  async get(
    path: string,
    options: { method?: string; authorization?: string } = {},
  ): Promise<HttpResponse | NetError> {
    let result: HttpResponse | NetError | undefined;
    const headers = options.authorization === undefined ? {} : { authorization: options.authorization };
    this.network
      .node('worker')
      .http(
        { ip: '172.18.0.200', port: 5000 },
        { method: options.method ?? 'GET', path, headers, body: '' },
        (answer) => (result = answer),
      );
    await this.simulation.advanceTo(this.simulation.now + 10 * SECOND);
    if (result === undefined) throw new Error('no answer');
    return result;
  }
}

const refused = (name: string, why: string): string =>
  `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${why}`;

describe('pulling', () => {
  test('brings the image, by tag and by digest, in a time that follows from its size', async () => {
    const lab = new Lab();
    const pulled = await lab.pull(`${HOST}/shop/web:1.4.2`);
    expect(pulled).toMatchObject({ image: web, reference: `${HOST}/shop/web:1.4.2` });
    expect(pulled.seconds).toBeGreaterThan(0.9);
    expect(pulled.seconds).toBeLessThan(1.2);
    expect(await lab.pull(`${HOST}/shop/web@${web.digest}`)).toMatchObject({ image: web });
    lab.registries.setDelay(HOST, 5000);
    expect((await lab.pull(`${HOST}/shop/web:1.4.2`)).seconds).toBeGreaterThan(19);
  });

  test.each([`${HOST}/shop/web:1.4.3`, `${HOST}/shop/nope:1`, `${HOST}/shop/web@sha256:${'f'.repeat(64)}`])(
    '%s is not found',
    async (name) => {
      expect(await new Lab().pull(name)).toMatchObject({
        error: `rpc error: code = NotFound desc = ${refused(name, `${name}: not found`)}`,
      });
    },
  );

  test.each([
    [
      'nosuch.shop.test:5000/a/b:1',
      'failed to do request: Head "https://nosuch.shop.test:5000/v2/a/b/manifests/1": dial tcp: lookup nosuch.shop.test on 172.18.0.1:53: no such host',
    ],
    [
      'docker.io/library/busybox:9.99',
      'failed to do request: Head "https://registry-1.docker.io/v2/library/busybox/manifests/9.99": dial tcp: lookup registry-1.docker.io on 172.18.0.1:53: no such host',
    ],
    [
      '172.18.0.77:5000/a:1',
      'failed to do request: Head "https://172.18.0.77:5000/v2/a/manifests/1": dial tcp 172.18.0.77:5000: connect: no route to host',
    ],
    [
      'localhost:5001/a:1',
      'failed to do request: Head "https://localhost:5001/v2/a/manifests/1": dial tcp [::1]:5001: connect: connection refused',
    ],
    [
      '203.0.113.1/a:1',
      'failed to do request: Head "https://203.0.113.1/v2/a/manifests/1": dial tcp 203.0.113.1:443: i/o timeout',
    ],
  ])('%s cannot be reached', async (name, why) => {
    expect(await new Lab().pull(name)).toMatchObject({ error: refused(name, why) });
  });

  test('a registry that is down refuses, until it is back', async () => {
    const lab = new Lab({ outage: true });
    const name = `${HOST}/shop/web:1.4.2`;
    const why = `failed to do request: Head "http://${HOST}/v2/shop/web/manifests/1.4.2": dial tcp 172.18.0.200:5000: connect: connection refused`;
    expect(await lab.pull(name)).toMatchObject({ error: refused(name, why) });
    expect(await lab.get('/v2/')).toMatchObject({ code: 'ECONNREFUSED' });
    lab.registries.setOutage(HOST, false);
    expect(await lab.pull(name)).toMatchObject({ image: web });
    expect(await lab.get('/v2/')).toMatchObject({ status: 200 });
  });

  test('an outage of some time ends by itself, unless another one has begun', async () => {
    const lab = new Lab();
    const status = async (): Promise<unknown> => lab.get('/v2/');
    lab.registries.setOutage(HOST, { forMs: 15_000 });
    expect(await status()).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await status()).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await status()).toMatchObject({ status: 200 });
    lab.registries.setOutage(HOST, { forMs: 15_000 });
    lab.registries.setOutage(HOST, true);
    await lab.simulation.advanceTo(lab.simulation.now + 60 * SECOND);
    expect(await status()).toMatchObject({ code: 'ECONNREFUSED' });
    expect(() => lab.registries.setOutage('other', true)).toThrow('no registry other');
  });

  test('a password is asked for', async () => {
    const lab = new Lab({ credentials: { username: 'ci', password: 'secret' } });
    const name = `${HOST}/shop/web:1.4.2`;
    const none = refused(
      name,
      'pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    );
    expect(await lab.pull(name)).toMatchObject({ error: none });
    expect(await lab.pull(name, [{ ...LOGIN, registry: 'elsewhere:5000' }])).toMatchObject({ error: none });
    expect(await lab.pull(name, [{ ...LOGIN, password: 'wrong' }])).toMatchObject({
      error: refused(
        name,
        `unexpected status from HEAD request to http://${HOST}/v2/shop/web/manifests/1.4.2: 401 Unauthorized`,
      ),
    });
    expect(await lab.pull(name, [{ ...LOGIN, password: 'old' }, LOGIN])).toMatchObject({
      image: web,
      login: LOGIN,
    });
    const address = { ...LOGIN, registry: `https://${HOST}/v1/` };
    expect(await lab.pull(name, [address])).toMatchObject({ image: web, login: address });
  });

  test('a registry without a password takes the first login that is for it', async () => {
    const lab = new Lab();
    const name = `${HOST}/shop/web:1.4.2`;
    const elsewhere = { ...LOGIN, registry: 'elsewhere:5000' };
    const glob = { ...LOGIN, registry: '*.shop.test:5000' };
    expect(await lab.pull(name, [elsewhere, glob, LOGIN])).toMatchObject({ image: web, login: glob });
    expect(await lab.pull(name, [elsewhere])).toMatchObject({ image: web, login: undefined });
  });

  test('a pull that is called off calls nobody, and a tag that is put later can be pulled', async () => {
    const lab = new Lab();
    let calls = 0;
    lab.registries.pull(`${HOST}/shop/web:1.4.2`, [], () => calls++)();
    lab.registries.tag(HOST, 'shop/web', '1.4.2', 'latest');
    expect(await lab.pull(`${HOST}/shop/web`)).toMatchObject({ image: web });
    expect(calls).toBe(0);
    expect(() => lab.registries.tag('other', 'a', '1', '2')).toThrow('no registry other');
    expect(() => lab.registries.tag(HOST, 'shop/web', '9', '2')).toThrow('has no shop/web:9');
  });
});

describe('the registry over HTTP', () => {
  test('says what it has, as distribution does', async () => {
    const lab = new Lab();
    const common = { 'docker-distribution-api-version': 'registry/2.0', 'x-content-type-options': 'nosniff' };
    expect(await lab.get('/v2/')).toEqual({
      status: 200,
      headers: { ...common, 'content-type': 'application/json', 'content-length': '2' },
      body: '{}',
    });
    expect(await lab.get('/v2/_catalog')).toMatchObject({ body: '{"repositories":["shop/web"]}\n' });
    expect(await lab.get('/v2/shop/web/tags/list')).toMatchObject({
      status: 200,
      headers: { 'content-length': '37' },
      body: '{"name":"shop/web","tags":["1.4.2"]}\n',
    });
    expect(await lab.get('/v2/shop/nope/tags/list')).toMatchObject({
      status: 404,
      body: '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"shop/nope"}}]}\n',
    });
    expect(await lab.get('/v2/shop/web/manifests/9')).toMatchObject({
      status: 404,
      body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=9"}]}\n',
    });
    expect(await lab.get('/nosuch')).toMatchObject({ status: 404, body: '404 page not found\n' });
    expect(await lab.get('/')).toMatchObject({ status: 200, body: '' });
    expect(await lab.get('/v2/shop/web/tags/list', { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET' },
    });
  });

  test('gives the digest of a manifest, by tag and by digest, with and without a body', async () => {
    const lab = new Lab();
    const got = (await lab.get('/v2/shop/web/manifests/1.4.2')) as HttpResponse;
    const head = (await lab.get(`/v2/shop/web/manifests/${web.digest}`, { method: 'HEAD' })) as HttpResponse;
    expect(got.headers['docker-content-digest']).toBe(web.digest);
    expect(JSON.parse(got.body)).toMatchObject({ schemaVersion: 2, layers: [{ size: 60_000_000 }] });
    expect(head.headers).toEqual(got.headers);
    expect(head.body).toBe('');
    expect(await lab.get(`/v2/shop/web/manifests/sha256:${'0'.repeat(64)}`)).toMatchObject({
      body: `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown manifest name=shop/web revision=sha256:${'0'.repeat(64)}"}]}\n`,
    });
  });

  test('asks for the password', async () => {
    const lab = new Lab({ credentials: { username: 'ci', password: 'secret' } });
    expect(await lab.get('/v2/')).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="Registry"' },
      body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}\n',
    });
    expect(await lab.get('/v2/shop/web/tags/list')).toMatchObject({
      body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository","Class":"","Name":"shop/web","Action":"pull"}]}]}\n',
    });
    expect(await lab.get('/v2/_catalog', { authorization: `Basic ${btoa('ci:secret')}` })).toMatchObject({
      status: 200,
    });
    expect(await lab.get('/v2/_catalog', { authorization: `Basic ${btoa('ci:no')}` })).toMatchObject({
      status: 401,
    });
  });

  test('gives lists in pages', async () => {
    const lab = new Lab({ repositories: { 'shop/web': { b: web, c: web, a: web } } });
    expect(await lab.get('/v2/shop/web/tags/list?n=2')).toMatchObject({
      headers: { link: '</v2/shop/web/tags/list?last=b&n=2>; rel="next"' },
      body: '{"name":"shop/web","tags":["a","b"]}\n',
    });
    const last = (await lab.get('/v2/shop/web/tags/list?last=b&n=2')) as HttpResponse;
    expect(last.body).toBe('{"name":"shop/web","tags":["c"]}\n');
    expect(last.headers['link']).toBeUndefined();
    expect(await lab.get('/v2/_catalog?n=x')).toMatchObject({ status: 400 });
  });
});
