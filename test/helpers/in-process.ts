import { createHash } from 'node:crypto';
import type { ApiRequest, ApiResponse } from '../../src/cluster/apiserver/types.ts';
import type { EmbeddedCluster } from '../../src/cluster/cluster.ts';
import { Host, type WallTime } from '../../src/cluster/host/host.ts';
import { apiRequest, type Input, type InputRecord } from '../../src/cluster/host/inputs.ts';
import type { ExecInput } from '../../src/cluster/node-api.ts';
import { servedResources } from '../../src/cluster/system/served-resources.ts';
import { canonical } from '../../src/core/json.ts';
import type { Manifest } from '../../src/kube/client.ts';
import { collectionPath, objectPath } from '../../src/kube/paths.ts';
import { resources } from '../../src/model/resources.ts';
import { clusterOf } from '../../src/providers/embedded/instance.ts';
import type { EmbeddedHeader } from '../../src/providers/embedded/spec.ts';
import { readManifests, SHOP_IMAGE } from '../../src/scenario/shop.ts';

/** A cluster of this process without any wire: requests are values, so nothing native is needed to drive it. */
export interface InProcessLab {
  readonly header: EmbeddedHeader;
  readonly cluster: EmbeddedCluster;
  readonly host: Host;
  readonly records: InputRecord[];
  /** A request of kubernetes-admin. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** From here on the clock follows a wall that only {@link wait} moves. */
  goLive(): Promise<void>;
  /** Moves the wall. */
  wait(by: number): Promise<void>;
  /** Moves the wall to an instant. */
  reach(at: number): Promise<void>;
  /** Runs a command in a pod to its end and gives its output; the wall moves until then. */
  exec(pod: string, command: readonly string[], stdin?: string): Promise<string>;
}

interface RequestOptions {
  readonly query?: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;

export function headerOf(seed: string): EmbeddedHeader {
  return {
    format: 'breakfix-inputs',
    version: 1,
    breakfix: 'test',
    seed,
    epoch: Date.UTC(2026, 10, 22, 9) * 1000,
    since: 0,
    spec: {
      nodes: [
        { name: 'lab-control-plane', role: 'control-plane' },
        { name: 'lab-worker', role: 'worker' },
      ],
      images: [SHOP_IMAGE],
      registries: [],
      ca: 'the CA',
    },
  };
}

/** Starts one; a part of the cluster that throws fails the test. */
export function inProcessLab(
  header: EmbeddedHeader,
  cluster: EmbeddedCluster = clusterOf(header),
): InProcessLab {
  const records: InputRecord[] = [];
  const host = new Host(cluster, (record) => records.push(JSON.parse(JSON.stringify(record)) as InputRecord));
  const wall = { at: header.epoch };
  const time: WallTime = { now: () => wall.at, wakeAt: () => () => {} };
  const reach = async (at: number): Promise<void> => {
    // Further apart would be a gap, through which nothing runs.
    for (; wall.at < at - 20 * SECOND; await host.sync()) wall.at += 20 * SECOND;
    wall.at = at;
    await host.sync();
  };
  const request: InProcessLab['request'] = async (method, path, options) =>
    answerOf(await host.handle(adminRequest(method, path, options)));
  return {
    header,
    cluster,
    host,
    records,
    request,
    reach,
    wait: (by) => reach(wall.at + by),
    goLive: () => {
      wall.at = host.now;
      return host.goLive(time);
    },
    exec: async (pod, command, stdin) => {
      const query = new URLSearchParams(command.map((word): [string, string] => ['command', word]));
      for (const stream of ['stdout', 'stderr', ...(stdin === undefined ? [] : ['stdin'])]) {
        query.set(stream, 'true');
      }
      const path = objectPath(resources.pods, 'shop', pod, 'exec');
      const response = await host.handle(adminRequest('POST', path, { query: query.toString() }));
      if (response.kind !== 'exec') throw new Error(JSON.stringify(answerOf(response)));
      let output = '';
      const end = { reached: false };
      const collect = (bytes: Uint8Array): void => {
        output += Buffer.from(bytes).toString();
      };
      const input: ExecInput = response.start({
        stdout: collect,
        stderr: collect,
        exit: () => (end.reached = true),
      });
      if (stdin !== undefined) {
        input.stdin(Buffer.from(stdin));
        input.stdinEnd();
      }
      for (let tries = 0; !end.reached && tries < 100; tries++) await reach(wall.at + SECOND / 10);
      input.close();
      await host.sync();
      return output;
    },
  };
}

export async function applyShop(lab: InProcessLab): Promise<void> {
  for (const manifest of readManifests()) await apply(lab, manifest);
}

export async function apply(lab: InProcessLab, manifest: Manifest): Promise<void> {
  const resource = Object.values(resources).find(({ kind }) => kind === manifest.kind);
  if (resource === undefined) throw new Error(`no resource of kind ${manifest.kind}`);
  const { status, body } = await lab.request(
    'PATCH',
    objectPath(resource, manifest.metadata.namespace, manifest.metadata.name),
    {
      body: manifest,
      contentType: 'application/apply-patch+yaml',
      query: 'fieldManager=kubectl&force=true',
    },
  );
  if (status >= 300) throw new Error(JSON.stringify(body));
}

export function adminRequest(method: string, path: string, options: RequestOptions = {}): ApiRequest {
  const { query = '', body, contentType = 'application/json' } = options;
  return {
    method,
    path,
    query,
    headers: {
      accept: 'application/json',
      'user-agent': 'test',
      ...(body === undefined ? {} : { 'content-type': contentType }),
    },
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    certificate: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
  };
}

function answerOf(response: ApiResponse): Answer {
  if (response.kind !== 'complete') throw new Error(`an answer that is ${response.kind}`);
  const { status, body } = response;
  return { status, body: JSON.parse(Buffer.from(body).toString()) as Record<string, unknown> };
}

/** Everything that a replay must give again. */
export interface Fingerprint {
  readonly now: number;
  readonly events: number;
  readonly revision: number;
  /** Of every event that ran. */
  readonly digest: string;
  /** SHA-256 over every object of the store, as canonical JSON. */
  readonly store: string;
}

export function fingerprint(cluster: EmbeddedCluster): Fingerprint {
  const { simulation } = cluster;
  const store = createHash('sha256');
  for (const resource of servedResources()) {
    const response = cluster.handle(adminRequest('GET', collectionPath(resource, undefined)));
    if (response.kind === 'deferred') throw new Error('a list is answered at once');
    const { body } = answerOf(response);
    store.update(canonical(body['items'] ?? body));
  }
  return {
    now: simulation.now,
    events: simulation.eventCount,
    revision: cluster.revision(),
    digest: simulation.digest,
    store: store.digest('hex'),
  };
}

/** A fresh cluster with the records applied. */
export async function replay(header: EmbeddedHeader, records: readonly InputRecord[]): Promise<Fingerprint> {
  const cluster = clusterOf(header);
  await new Host(cluster).replay(records);
  return fingerprint(cluster);
}

/** How inputs are sent again. */
export interface Sending {
  /** Runs before each input. */
  readonly between?: (lab: InProcessLab, next: InputRecord) => Promise<void>;
  /** Requests of one instant are sent at once, and nobody waits for an answer before the next. */
  readonly together?: boolean;
}

/** The same inputs as if clients sent them now, at the same instants. */
export async function liveAgain(
  header: EmbeddedHeader,
  records: readonly InputRecord[],
  { between = () => Promise.resolve(), together = false }: Sending = {},
): Promise<InProcessLab> {
  const lab = inProcessLab(header);
  const sessions = new Map<number, ExecInput>();
  for (const [index, record] of records.entries()) {
    const { at, input } = record;
    await between(lab, record);
    if (lab.host.live) await lab.reach(at);
    switch (input.type) {
      case 'advance':
        await (lab.host.live ? lab.host.mark() : lab.host.advanceTo(at));
        break;
      case 'live':
        await lab.goLive();
        break;
      case 'request': {
        const answer = lab.host.handle(apiRequest(input.request));
        if (together && records[index + 1]?.at === at) continue;
        await answer;
        break;
      }
      case 'exec': {
        const response = await lab.host.handle(apiRequest(input.request));
        if (response.kind !== 'exec') throw new Error('the container is gone');
        const nowhere = { stdout: () => {}, stderr: () => {}, exit: () => {} };
        sessions.set(input.session, response.start(nowhere));
        break;
      }
      default:
        sendInSession(sessions, input);
    }
    // The session's inputs are turns that nobody waits for.
    await lab.host.turn(() => Promise.resolve());
  }
  return lab;
}

function sendInSession(sessions: ReadonlyMap<number, ExecInput>, input: Input): void {
  switch (input.type) {
    case 'stdin':
      sessions.get(input.session)?.stdin(Buffer.from(input.data, 'base64'));
      break;
    case 'stdin-end':
      sessions.get(input.session)?.stdinEnd();
      break;
    case 'close':
      sessions.get(input.session)?.close();
      break;
    default:
      throw new Error(`${input.type} is not sent again`);
  }
}
