import { describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../../../src/cluster/apiserver/types.ts';
import { resources } from '../../../../../src/model/resources.ts';
import { type Running, send, startApiServer } from '../harness.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
const MAPS = '/api/v1/namespaces/default/configmaps';

/** The samples whose line begins so, by the rest of the line. */
function samples({ server }: Running, name: string, from: 'inside' | 'outside' = 'outside'): string[] {
  const request: ApiRequest = { method: 'GET', path: '/metrics', query: '', headers: {}, body: Buffer.of() };
  const answer = server.handle(request, from);
  if (answer.kind !== 'complete') throw new Error(answer.kind);
  return Buffer.from(answer.body)
    .toString()
    .split('\n')
    .filter((line) => line.startsWith(name));
}

const ofMaps = (running: Running, from?: 'inside' | 'outside'): string[] =>
  samples(running, 'apiserver_request_total', from)
    .filter((line) => line.includes('resource="configmaps"'))
    .map((line) => line.replace(/.*code="(\d+)".*dry_run="(\w*)".*verb="(\w+)".*} /, '$3$2 $1: '));

describe('/metrics', () => {
  test('counts what was answered, by verb and code', () => {
    const running = startApiServer();
    send(running, 'POST', MAPS, MAP);
    send(running, 'POST', MAPS, MAP);
    send(running, 'POST', `${MAPS}?dryRun=All`, { ...MAP, metadata: { name: 'b' } });
    send(running, 'GET', MAPS);
    send(running, 'GET', MAPS);
    send(running, 'GET', `${MAPS}/none`);
    send(running, 'GET', '/api/v1/nonsense');
    expect(ofMaps(running)).toEqual([
      'LIST 200: 2',
      'POST 201: 1',
      'POSTAll 201: 1',
      'GET 404: 1',
      'POST 409: 1',
    ]);
    expect(samples(running, 'authorization_attempts_total{result="allowed"}')).toEqual([
      'authorization_attempts_total{result="allowed"} 8',
    ]);
  });

  test('counts what parts inside ask for; these are not told of clients outside', () => {
    const running = startApiServer();
    running.api.create(resources.configMaps, { ...MAP });
    expect(() => running.api.create(resources.configMaps, { ...MAP })).toThrow('already exists');
    send(running, 'GET', MAPS);
    expect(ofMaps(running)).toEqual(['LIST 200: 1', 'POST 201: 1', 'POST 409: 1']);
    expect(ofMaps(running, 'inside')).toEqual(['POST 201: 1', 'POST 409: 1']);
  });

  test('knows the watches that go on, and what they were sent', () => {
    const running = startApiServer();
    const open = (): string[] =>
      samples(running, 'apiserver_longrunning_requests')
        .filter((line) => line.includes('"configmaps"'))
        .map((line) => line.replace(/.*scope="(\w+)".*} /, '$1 '));
    const watch = running.server.handle({
      method: 'GET',
      path: MAPS,
      query: 'watch=true',
      headers: {},
      body: Buffer.of(),
    }) as ApiResponse & { kind: 'stream' };
    const stop = watch.open({ write: () => {}, end: () => {} });
    send(running, 'POST', MAPS, MAP);
    expect(open()).toEqual(['namespace 1']);
    expect(ofMaps(running)).toEqual(['POST 201: 1']);
    stop();
    expect(open()).toEqual(['namespace 0']);
    expect(ofMaps(running)).toEqual(['WATCH 200: 1', 'POST 201: 1']);
    expect(samples(running, 'apiserver_watch_events_total{group="",resource="configmaps"')).toEqual([
      'apiserver_watch_events_total{group="",resource="configmaps",version="v1"} 1',
    ]);
  });

  test('says how much is stored', () => {
    const running = startApiServer();
    send(running, 'POST', MAPS, MAP);
    expect(samples(running, 'apiserver_storage_objects{resource="configmaps"}')).toEqual([
      'apiserver_storage_objects{resource="configmaps"} 1',
    ]);
    expect(samples(running, 'apiserver_resource_objects{group="apps",resource="deployments"}')).toEqual([
      'apiserver_resource_objects{group="apps",resource="deployments"} 0',
    ]);
    for (const nothing of ['bindings', 'componentstatuses']) {
      expect(samples(running, `apiserver_storage_objects{resource="${nothing}"}`)).toEqual([]);
    }
    const lines = samples(running, 'apiserver_storage_objects');
    expect(new Set(lines).size).toBe(lines.length);
  });

  test('in-flight requests are those of the last second', async () => {
    const running = startApiServer();
    send(running, 'POST', MAPS, MAP);
    const mutating = 'apiserver_current_inflight_requests{request_kind="mutating"}';
    expect(samples(running, mutating)).toEqual([`${mutating} 1`]);
    await running.simulation.advanceTo(running.simulation.now + 2_000_000);
    expect(samples(running, mutating)).toEqual([`${mutating} 0`]);
  });
});

test('/metrics/slis: every check of every endpoint is well', () => {
  const { text } = send(startApiServer(), 'GET', '/metrics/slis');
  expect(text).toMatch(/^# HELP kubernetes_healthcheck \[STABLE\] /);
  expect(text).toContain(
    'kubernetes_healthcheck{name="etcd",type="readyz"} 1\nkubernetes_healthcheck{name="etcd-readiness",type="readyz"} 1\n',
  );
});
