import type { Api } from '../../../../src/cluster/api.ts';
import { ApiServer } from '../../../../src/cluster/apiserver/api-server.ts';
import { applyDefaults } from '../../../../src/cluster/apiserver/defaults/defaults.ts';
import type { PipelineStages } from '../../../../src/cluster/apiserver/pipeline.ts';
import type { WebhookAnswers } from '../../../../src/cluster/apiserver/webhooks/answers.ts';
import type { RandomStreams } from '../../../../src/core/random.ts';
import type { NetworkStack } from '../../../../src/cluster/network/types.ts';
import type { NodeApi } from '../../../../src/cluster/node-api.ts';
import type { ApiRequest } from '../../../../src/cluster/apiserver/types.ts';
import { Simulation } from '../../../../src/cluster/simulation/simulation.ts';

/** Stages that let everything pass: `root` may do all. */
export const openStages: PipelineStages = {
  authentication: {
    authenticate: () => ({ name: 'root', groups: ['system:masters'] }),
    reviewToken: () => undefined,
  },
  authorizer: {
    authorize: () => ({ allowed: true, reason: '' }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [] }),
  },
  tokens: {
    issue: ({ serviceAccount }) => `token-of-${serviceAccount}`,
    jwks: { keys: [{ kid: 'a', alg: 'EdDSA' }] },
  },
  applyDefaults,
  validateObject: () => [],
  admissionPlugins: [],
};

const unavailable = (): never => {
  throw new Error('no kubelet');
};
/** Kubelets that say what they were asked; `/gone` none answers. */
const noNodes: NodeApi = {
  ask: (node, path) =>
    path === '/gone'
      ? undefined
      : { status: 200, type: 'text/plain', body: `${node} ${path}`, location: 'x/' },
  logs: unavailable,
  enter: unavailable,
  exec: unavailable,
  attach: unavailable,
  portForward: unavailable,
};

export interface Running {
  readonly server: ApiServer;
  readonly simulation: Simulation;
  readonly api: Api;
}

type MakeStages = (webhooks: WebhookAnswers, random: RandomStreams) => Partial<PipelineStages>;

export function startApiServer(
  stages: Partial<PipelineStages> | MakeStages = {},
  nodes: NodeApi = noNodes,
  network?: NetworkStack,
): Running {
  const simulation = new Simulation({ seed: 'test', epoch: Date.parse('2026-11-22T10:00:00Z') * 1000 });
  const server = new ApiServer({
    simulation,
    stages: (_reader, webhooks) => ({
      ...openStages,
      ...(typeof stages === 'function' ? stages(webhooks, simulation.random) : stages),
    }),
    address: '172.18.0.2:6443',
    nodes: () => nodes,
    network: () => {
      if (network === undefined) throw new Error('no network');
      return network;
    },
  });
  const api = server.clientFor({
    user: 'system:kube-controller-manager',
    groups: [],
    manager: 'kube-controller-manager',
  });
  return { server, simulation, api };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into it at will
  readonly body: any;
}

/** A request as a client would send it; `body` goes out as JSON unless it is text or bytes. */
export function send(
  { server }: Running,
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Answer {
  return completeAnswer(server.handle(requestOf(method, url, body, headers)));
}

/** Its body read, where it is JSON. @throws Error where it is not a whole answer */
export function completeAnswer(response: ReturnType<ApiServer['handle']>): Answer {
  if (response.kind !== 'complete') throw new Error(`a ${response.kind}, not a complete answer`);
  const text = new TextDecoder().decode(response.body);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  return { status: response.status, headers: response.headers, text, body: parsed };
}

export function requestOf(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): ApiRequest {
  const [path = '', query = ''] = url.split('?');
  const bytes =
    body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(
          body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
        );
  return { method, path, query, headers: { 'user-agent': 'test/1', ...headers }, body: bytes };
}

export interface WatchedEvent {
  readonly type: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into it at will
  readonly object: any;
}

/** Opens a watch; what has come so far is in `events`. */
export function openWatch(
  { server }: Running,
  url: string,
  headers: Record<string, string> = {},
): { events: WatchedEvent[]; close: () => void; ended: () => boolean } {
  const response = server.handle(requestOf('GET', url, undefined, headers));
  if (response.kind !== 'stream') throw new Error(`a ${response.kind}, not a stream`);
  const events: WatchedEvent[] = [];
  let ended = false;
  const close = response.open({
    write: (bytes) => {
      for (const line of new TextDecoder().decode(bytes).split('\n'))
        if (line !== '') events.push(JSON.parse(line) as WatchedEvent);
    },
    end: () => {
      ended = true;
    },
  });
  return { events, close, ended: () => ended };
}
