import { X509Certificate } from 'node:crypto';
import type { Service } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { NetworkStack } from '../../network/types.ts';
import { NetError, type NetErrorCode } from '../../network/types.ts';
import type { StateReader } from '../pipeline.ts';
import { MILLISECOND, SECOND, type Simulation } from '../../simulation/simulation.ts';
import type { ClientConfig } from './configuration.ts';

/** A review that a webhook has to be asked for. */
export interface WebhookCall {
  readonly webhook: {
    readonly name: string;
    readonly clientConfig: ClientConfig;
    /** How long it may take. */
    readonly timeoutSeconds?: number;
  };
  readonly body: string;
}

/** What a webhook has answered, or why there is no answer, in Go's words. */
export type WebhookOutcome = { readonly body: string } | { readonly error: string };

const DEFAULT_TIMEOUT = 10;
const WORDS: Readonly<Partial<Record<NetErrorCode, string>>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ETIMEDOUT: 'i/o timeout',
  ECONNRESET: 'read: connection reset by peer',
};

interface Target {
  readonly ip: string;
  readonly port: number;
  /** What the certificate must be for. */
  readonly host: string;
  readonly url: string;
  readonly path: string;
}

/** Asks a webhook over the network of the API server's node; `done` is called once, in a later event. */
export function callWebhook(
  parts: {
    readonly simulation: Simulation;
    readonly reader: StateReader;
    readonly network: () => NetworkStack;
  },
  { webhook, body }: WebhookCall,
  done: (outcome: WebhookOutcome) => void,
): void {
  const { simulation } = parts;
  const seconds = webhook.timeoutSeconds ?? DEFAULT_TIMEOUT;
  const target = targetOf(webhook.clientConfig, parts.reader, seconds);
  const failed = (url: string, why: string): WebhookOutcome => ({ error: failure(url, why) });
  if ('error' in target) {
    simulation.after(MILLISECOND, 'apiserver/webhook', () => done(failed(target.url, target.error)));
    return;
  }
  const request = {
    method: 'POST',
    path: target.path,
    headers: {
      host: target.host,
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'user-agent': 'kube-apiserver-admission',
      'content-length': String(Buffer.byteLength(body)),
    },
    body,
    secure: true,
  };
  const timer = simulation.after(seconds * SECOND, 'apiserver/webhook', () => {
    cancel();
    done(failed(target.url, 'context deadline exceeded'));
  });
  const cancel = parts.network().http(target, request, (result) => {
    timer.cancel();
    if (result instanceof NetError) {
      done(failed(target.url, wordsOf(target, result)));
      return;
    }
    const problem = verify(result.certificate ?? '', webhook.clientConfig.caBundle ?? '', target.host);
    if (problem !== undefined) done(failed(target.url, problem));
    else if (result.status === 200) done({ body: result.body });
    else
      done({
        error: `an error on the server (${JSON.stringify(result.body)}) has prevented the request from succeeding`,
      });
  });
}

const failure = (url: string, why: string): string => `Post "${url}": ${why}`;

/** Why nobody will answer a webhook, where that can be seen without asking: there is no such Service, or nobody behind it. */
export function whyUnanswered(
  { clientConfig, timeoutSeconds = DEFAULT_TIMEOUT }: WebhookCall['webhook'],
  reader: StateReader,
): string | undefined {
  const target = targetOf(clientConfig, reader, timeoutSeconds);
  if ('error' in target) return failure(target.url, target.error);
  if (clientConfig.service === undefined || leadsToSomebody(clientConfig.service, reader)) return undefined;
  return failure(target.url, wordsOf(target, { code: 'ECONNREFUSED' }));
}

function leadsToSomebody(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  reader: StateReader,
): boolean {
  const selector = { matchLabels: { 'kubernetes.io/service-name': name } };
  return reader
    .list(resources.endpointSlices, { namespace, selector })
    .some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions.ready !== false));
}

function wordsOf({ ip, port }: Target, { code }: Pick<NetError, 'code'>): string {
  if (code === 'EPROTO') return 'http: server gave HTTP response to HTTPS client';
  return `dial tcp ${ip}:${port}: ${WORDS[code] ?? code}`;
}

function targetOf(
  { service, url = '' }: ClientConfig,
  reader: StateReader,
  seconds: number,
): Target | { readonly error: string; readonly url: string } {
  const query = `timeout=${seconds}s`;
  if (service === undefined) {
    const to = new URL(url);
    const full = `${url}?${query}`;
    if (!/^\d+(\.\d+){3}$/.test(to.hostname)) {
      return { error: `dial tcp: lookup ${to.hostname} on 172.18.0.1:53: no such host`, url: full };
    }
    const port = Number(to.port === '' ? 443 : to.port);
    return { ip: to.hostname, port, host: to.hostname, url: full, path: `${to.pathname}?${query}` };
  }
  const { name, namespace, port = 443, path = '/' } = service;
  const host = `${name}.${namespace}.svc`;
  const asked = `https://${host}:${port}${path}?${query}`;
  const found: Service | undefined = reader.get(resources.services, namespace, name);
  if (found === undefined) return { error: `service "${name}" not found`, url: asked };
  if (found.spec.ports?.some((one) => one.port === port) !== true)
    return { error: `no service port ${port} found for service "${name}"`, url: asked };
  return { ip: found.spec.clusterIP ?? '', port, host, url: asked, path: `${path}?${query}` };
}

/** What is wrong with the certificate that a server shows, in Go's words. */
function verify(shown: string, caBundle: string, host: string): string | undefined {
  const bundle = Buffer.from(caBundle, 'base64').toString('utf8');
  const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  try {
    const leaf = new X509Certificate(shown);
    const authorities = bundle.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
    const isTrusted = authorities.some((text) => {
      const authority = new X509Certificate(text);
      return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
    });
    if (!isTrusted) return unknown;
    if (leaf.checkHost(host) !== undefined || leaf.checkIP(host) !== undefined) return undefined;
    const names = (leaf.subjectAltName ?? '').replaceAll(/(DNS|IP Address):/g, '');
    return `tls: failed to verify certificate: x509: certificate is valid for ${names}, not ${host}`;
  } catch {
    return unknown;
  }
}
