import type { Container, Handler, Probe } from '../../../model/objects.ts';
import { NetError } from '../../network/types.ts';
import type { Address, HttpRequest, HttpResponse, NetworkStack } from '../../network/types.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros, Simulation } from '../../simulation/simulation.ts';
import { healthOf, healthRequest } from '../../network/grpc-health.ts';
import { execIn } from '../exec.ts';
import { goDuration } from '../duration.ts';
import { dialError } from '../net-words.ts';
import { wait } from '../task.ts';
import type { Step } from '../task.ts';
import type { ContainerInstance } from '../types.ts';
import { hostOf, portOf } from './address.ts';

/** How one probe came out. An `error` says nothing about the container: it is thrown away after retries. */
export interface ProbeOutcome {
  readonly result: 'success' | 'warning' | 'failure' | 'error';
  readonly output: string;
}

export interface ProbeTarget {
  readonly container: Container;
  readonly instance: ContainerInstance;
  readonly podIp: string;
}

interface PreparedRequest {
  readonly podIp: string;
  readonly to: Address;
  readonly origin: string;
  readonly request: HttpRequest;
}

const MAX_REDIRECTS = 10;
const MAX_BODY = 10 * 1024;
const NO_HEALTH =
  'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health';
const SUCCESS: ProbeOutcome = { result: 'success', output: '' };

/** Carries probes out from a node. https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
export class Prober {
  readonly #simulation: Simulation;
  readonly #from: NetworkStack;
  readonly #owner: string;
  readonly #requests = new WeakMap<object, PreparedRequest>();

  constructor(simulation: Simulation, from: NetworkStack, owner: string) {
    this.#simulation = simulation;
    this.#from = from;
    this.#owner = owner;
  }

  *probe(probe: Probe, target: ProbeTarget): Step<ProbeOutcome> {
    const timeout = probe.timeoutSeconds * SECOND;
    if (probe.exec !== undefined) return yield* this.#exec(probe.exec.command ?? [], target, timeout);
    if (probe.httpGet !== undefined) return yield* this.#http(probe.httpGet, target, timeout);
    if (probe.tcpSocket !== undefined) return yield* this.#tcp(probe.tcpSocket, target, timeout);
    if (probe.grpc !== undefined) return yield* this.#grpc(probe.grpc, target, timeout);
    return { result: 'error', output: 'missing probe handler' };
  }

  *#exec(command: readonly string[], target: ProbeTarget, timeout: Micros): Step<ProbeOutcome> {
    const options = { timeout, owner: this.#owner };
    const result = yield* execIn(this.#simulation, target.instance, command, options);
    if ('timedOut' in result) {
      const output = `command timed out: "${command.join(' ')}" timed out after ${goDuration(timeout)}`;
      return { result: 'failure', output };
    }
    if ('error' in result) {
      return { result: 'error', output: `rpc error: code = Unknown desc = ${result.error}` };
    }
    return { result: result.code === 0 ? 'success' : 'failure', output: result.output };
  }

  *#http(action: NonNullable<Handler['httpGet']>, target: ProbeTarget, timeout: Micros): Step<ProbeOutcome> {
    const first = this.#prepared(action, target);
    if (first === undefined) return unknownPort(action.port);
    const { origin, to } = first;
    const deadline = this.#simulation.now + timeout;
    let request = first.request;
    for (let redirects = 0; ; redirects++) {
      const answer = yield* this.#request(to, request, deadline);
      if (typeof answer === 'string') {
        return { result: 'failure', output: `Get "${origin}${request.path}": ${answer}` };
      }
      const location = redirectOf(answer);
      if (location === undefined) return outcomeOf(answer);
      const path = locationIn(location, to.ip);
      if (path === undefined) return terminatedRedirect(answer);
      if (redirects === MAX_REDIRECTS) {
        return { result: 'failure', output: `Get "${path}": stopped after 10 redirects` };
      }
      request = { ...request, path };
    }
  }

  /** The request of a probe, made once for each address of its pod: probes are what happens most often. */
  #prepared(action: NonNullable<Handler['httpGet']>, target: ProbeTarget): PreparedRequest | undefined {
    const known = this.#requests.get(action);
    if (known?.podIp === target.podIp) return known;
    const port = portOf(target.container, action.port);
    if (port === undefined) return undefined;
    const host = hostOf(action, target.podIp);
    const origin = `${(action.scheme ?? 'HTTP').toLowerCase()}://${host}:${port}`;
    const wanted = action.path ?? '';
    const path = wanted.startsWith('/') ? wanted : `/${wanted}`;
    const request = {
      method: 'GET',
      path,
      headers: headersOf(action, `${host}:${port}`),
      body: '',
      ...(action.scheme === 'HTTPS' && { secure: true }),
    };
    const prepared = { podIp: target.podIp, to: { ip: host, port }, origin, request };
    this.#requests.set(action, prepared);
    return prepared;
  }

  /** @returns the answer, or why there is none */
  *#request(to: Address, request: HttpRequest, deadline: Micros): Step<HttpResponse | string> {
    return yield* wait<HttpResponse | string>((done) => {
      let cancel = (): void => {};
      const timer = this.#simulation.at(deadline, this.#owner, () => {
        cancel();
        done('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
      });
      cancel = this.#from.http(to, request, (result) => {
        timer.cancel();
        done(result instanceof NetError ? requestError(to, result) : result);
      });
      return () => {
        timer.cancel();
        cancel();
      };
    });
  }

  *#tcp(action: NonNullable<Handler['tcpSocket']>, target: ProbeTarget, timeout: Micros): Step<ProbeOutcome> {
    const port = portOf(target.container, action.port);
    if (port === undefined) return unknownPort(action.port);
    const to = { ip: hostOf(action, target.podIp), port };
    const error = yield* this.#connect(to, timeout);
    return error === undefined ? SUCCESS : { result: 'failure', output: error };
  }

  *#grpc(
    action: { port: number; service?: string },
    target: ProbeTarget,
    timeout: Micros,
  ): Step<ProbeOutcome> {
    const to = { ip: target.podIp, port: action.port };
    const address = `${to.ip}:${to.port}`;
    const deadline = this.#simulation.now + timeout;
    const error = yield* this.#connect(to, timeout);
    if (error !== undefined) {
      const output = `timeout: failed to connect service "${address}" within ${goDuration(timeout)}: context deadline exceeded`;
      return { result: 'failure', output };
    }
    const answer = yield* this.#request(to, healthRequest(action.service ?? '', address), deadline);
    if (typeof answer === 'string') {
      const output = `timeout: health rpc did not complete within ${goDuration(timeout)}: ${answer}`;
      return { result: 'failure', output };
    }
    switch (healthOf(answer)) {
      case 'serving':
        return { result: 'success', output: 'service healthy' };
      case 'not serving':
        return { result: 'failure', output: 'service unhealthy (responded with "NOT_SERVING")' };
      case 'unknown':
        return {
          result: 'failure',
          output: 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
        };
      case undefined:
        return { result: 'failure', output: NO_HEALTH };
    }
  }

  /** Opens and closes a connection. @returns what went wrong */
  *#connect(to: Address, timeout: Micros): Step<string | undefined> {
    return yield* wait<string | undefined>((done) => {
      let destroy = (): void => {};
      const timer = this.#simulation.after(timeout, this.#owner, () => {
        destroy();
        done(dialError(to, 'ETIMEDOUT'));
      });
      const connection = this.#from.connect(to, {
        open: (opened) => {
          timer.cancel();
          opened.end();
          done(undefined);
        },
        data: () => {},
        end: () => {},
        error: (error) => {
          timer.cancel();
          done(dialError(to, error.code));
        },
      });
      destroy = () => connection.destroy();
      return () => {
        timer.cancel();
        destroy();
      };
    });
  }
}

/** Why there is no answer, in Go's words. */
function requestError(to: Address, { code }: NetError): string {
  return code === 'EPROTO' ? 'http: server gave HTTP response to HTTPS client' : dialError(to, code);
}

function headersOf(action: NonNullable<Handler['httpGet']>, host: string): Record<string, string> {
  const headers: Record<string, string> = {
    host,
    'user-agent': 'kube-probe/1.36',
    accept: '*/*',
    connection: 'close',
  };
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  return headers;
}

function unknownPort(port: number | string): ProbeOutcome {
  return { result: 'error', output: `couldn't find port: ${JSON.stringify(port)}` };
}

function outcomeOf(answer: HttpResponse): ProbeOutcome {
  if (answer.status < 200 || answer.status >= 400) {
    return { result: 'failure', output: `HTTP probe failed with statuscode: ${answer.status}` };
  }
  return answer.status >= 300 ? terminatedRedirect(answer) : SUCCESS;
}

function terminatedRedirect(answer: HttpResponse): ProbeOutcome {
  const body = answer.body.slice(0, MAX_BODY);
  return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
}

function redirectOf(answer: HttpResponse): string | undefined {
  return [301, 302, 303, 307, 308].includes(answer.status) ? answer.headers['location'] : undefined;
}

/** The path that a redirect leads to on the same host; undefined for another host, which is not followed. */
function locationIn(location: string, host: string): string | undefined {
  if (location.startsWith('/')) return location;
  let url: URL;
  try {
    url = new URL(location);
  } catch {
    return `/${location}`;
  }
  return url.hostname === host ? url.pathname + url.search : undefined;
}
