import type { ApiServer } from '../../../../src/cluster/apiserver/api-server.ts';
import type { PipelineStages } from '../../../../src/cluster/apiserver/pipeline.ts';
import type { ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import type { WebhookAnswers } from '../../../../src/cluster/apiserver/webhooks/answers.ts';
import type {
  HttpRequest,
  HttpResponse,
  NetError,
  NetworkStack,
} from '../../../../src/cluster/network/types.ts';
import type { NodeApi } from '../../../../src/cluster/node-api.ts';
import { SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import { createAuthority } from '../../../../src/cluster/wire/certificates.ts';
import type { RandomStreams } from '../../../../src/core/random.ts';
import { requestOf, send, startApiServer, type Running } from './harness.ts';

const now = new Date('2026-11-22T10:00:00Z');
const authority = createAuthority({ commonName: 'hooks', now });
/** What the webhook shows. */
export const { certificate } = authority.issueServer({
  now,
  names: ['hook.default.svc', 'none.default.svc'],
});
const caBundle = Buffer.from(authority.certificate).toString('base64');

/** Where the webhook is: behind a Service of {@link startWithHook}. */
export const hookClient = {
  service: { namespace: 'default', name: 'hook', path: '/x', port: 443 },
  caBundle,
};

/** A webhook's answer to a body; `undefined` is never answered. */
export type Reply = (body: string) => HttpResponse | NetError | undefined;

export interface Hooked extends Running {
  readonly asked: HttpRequest[];
}

/** A server whose network answers as told, a millisecond after it was asked. */
export function startWithHook(
  reply: Reply,
  stages: (answers: WebhookAnswers, random: RandomStreams) => Partial<PipelineStages> = () => ({}),
): Hooked {
  const asked: HttpRequest[] = [];
  const network = {
    http: (_to: unknown, request: HttpRequest, done: (result: HttpResponse | NetError) => void) => {
      asked.push(request);
      const result = reply(request.body);
      if (result === undefined) return () => {};
      const timer = running.simulation.after(1000, 'hook', () => done(result));
      return () => timer.cancel();
    },
  } as unknown as NetworkStack;
  const running = startApiServer(stages, { enter: () => {} } as unknown as NodeApi, network);
  send(running, 'POST', '/api/v1/namespaces', { metadata: { name: 'default', labels: { team: 'a' } } });
  send(running, 'POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 'hook' },
    spec: { clusterIP: '10.96.0.9', ports: [{ port: 443 }] },
  });
  return { ...running, asked };
}

/** Sends a request and lets time pass until it is answered. */
export async function ask(
  { server, simulation }: Running & { readonly server: ApiServer },
  method: string,
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: { message?: string; data?: object } & Record<string, unknown> }> {
  const response = server.handle(requestOf(method, url, body, headers));
  let answer: ApiResponse | undefined = response.kind === 'deferred' ? undefined : response;
  if (response.kind === 'deferred') response.start((given) => (answer = given));
  for (let second = 0; answer === undefined && second < 40; second++) {
    await simulation.advanceTo(simulation.now + SECOND);
  }
  if (answer?.kind !== 'complete') throw new Error('no answer');
  return {
    status: answer.status,
    body: JSON.parse(Buffer.from(answer.body).toString()) as Record<string, unknown>,
  };
}
