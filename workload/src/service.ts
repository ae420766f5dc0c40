import { codeOf, type ShopHost, type ShopRequest, type ShopResponse, textOf } from './host.ts';
import { Metrics } from './metrics.ts';
import type { Release } from './release.ts';
import type { RoleName, Settings } from './settings.ts';

/** What one role adds to the common service: its routes, its own readiness, its background work. */
export interface Role {
  readonly routes: Readonly<
    Record<string, (request: ShopRequest, service: Service) => Promise<ShopResponse>>
  >;
  /** Why this process itself cannot serve, if it cannot; a broken dependency is no reason. */
  ready?(service: Service): string | undefined;
  /** Work without requests, started once the service listens; runs until the process ends. */
  background?(service: Service): Promise<void>;
}

/** A dependency that could not be used; becomes a 502 or 503 that names it. */
export class DependencyError extends Error {
  readonly dependency: string;
  readonly status: 502 | 503;

  constructor(dependency: string, status: 502 | 503, cause: string) {
    super(cause);
    this.name = 'DependencyError';
    this.dependency = dependency;
    this.status = status;
  }
}

/** The header of a call that says which role makes it. */
const CALLER = 'x-called-by';

/** How long a process that was told to end still serves, in milliseconds. */
const DRAIN_MS = 4000;

/** How often a slow start says how far it is, in milliseconds. */
const LOG_EVERY_MS = 5000;

/** One running process of the shop: the common routes, metrics, logs and calls to other roles. */
export class Service {
  readonly host: ShopHost;
  readonly settings: Settings;
  readonly release: Release;
  readonly metrics = new Metrics();
  readonly #role: Role;
  #stopping = false;

  constructor(host: ShopHost, settings: Settings, release: Release, role: Role) {
    this.host = host;
    this.settings = settings;
    this.release = release;
    this.#role = role;
    this.metrics.gauge('process_resident_memory_bytes', () => host.residentBytes());
    this.metrics.gauge('process_peak_memory_bytes', () => host.peakBytes());
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Serves until the process is asked to end. */
  async run(): Promise<number> {
    const ended = new Promise<void>((resolve) => {
      this.host.onTerminate(() => {
        this.#stopping = true;
        this.log('info', 'stopping', {});
        resolve();
      });
    });
    this.log('info', 'starting', { version: this.release.version });
    if (this.release.baseMegabytes > 0) this.host.holdMemory(this.release.baseMegabytes * 1024 * 1024);
    await this.#load(this.release.startupMs);
    const listener = await this.host.listen(this.settings.port, (request) => this.#serve(request));
    this.log('info', 'listening', { port: this.settings.port });
    this.host.onHangUp(() => {
      this.log('warn', 'listener closed', {});
      listener.close();
    });
    void this.#role.background?.(this);
    await ended;
    // Endpoints and proxies learn of the end a little later than the process does: it goes on serving until they have.
    await this.host.sleep(DRAIN_MS);
    listener.close();
    return 0;
  }

  /** What a slow start does until it listens: says every few seconds how far it is. */
  async #load(takesMs: number): Promise<void> {
    for (let done = 0; done < takesMs;) {
      const step = Math.min(LOG_EVERY_MS, takesMs - done);
      await this.host.sleep(step);
      done += step;
      this.log('info', 'loading price lists', { percent: Math.floor((100 * done) / takesMs) });
    }
  }

  log(level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>): void {
    const time = new Date(this.host.now()).toISOString();
    this.host.print(JSON.stringify({ time, level, role: this.settings.role, message, ...fields }));
  }

  /**
   * Calls another role by the name of its Service.
   * @throws DependencyError 502 where the name does not resolve or the answer is an error, 503 where nobody answers
   */
  async callRole(role: RoleName, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#request(role, path, body);
    if (response.status < 300) return JSON.parse(response.body) as unknown;
    this.metrics.count('dependency_errors_total', { dependency: role, code: String(response.status) });
    throw new DependencyError(role, 502, `${role} answered ${response.status}: ${detailOf(response.body)}`);
  }

  /**
   * Looks a name of somebody else up.
   * @throws DependencyError 502 where it does not resolve
   */
  async find(name: string): Promise<void> {
    try {
      await this.host.lookup(name);
    } catch (error) {
      this.metrics.count('dependency_errors_total', { dependency: name, code: codeOf(error) });
      throw new DependencyError(name, 502, textOf(error));
    }
  }

  async #request(role: RoleName, path: string, body: unknown): Promise<ShopResponse> {
    try {
      return await this.host.call(`${this.settings.urls[role]}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${this.settings.ledgerPassword}`,
          [CALLER]: this.settings.role,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMs: this.settings.callTimeoutMs,
      });
    } catch (error) {
      const code = codeOf(error);
      this.metrics.count('dependency_errors_total', { dependency: role, code });
      const unresolved = code === 'ENOTFOUND' || code === 'EAI_AGAIN';
      throw new DependencyError(role, unresolved ? 502 : 503, textOf(error));
    }
  }

  async #serve(request: ShopRequest): Promise<ShopResponse> {
    const response = await this.#answer(request);
    this.metrics.count('http_requests_total', { route: request.path, status: String(response.status) });
    return response;
  }

  async #answer(request: ShopRequest): Promise<ShopResponse> {
    switch (request.path) {
      case '/healthz':
        return text(200, 'ok');
      case '/readyz': {
        const reason = this.#stopping ? 'stopping' : this.#role.ready?.(this);
        return reason === undefined ? text(200, 'ok') : text(503, reason);
      }
      case '/version':
        return json(200, { role: this.settings.role, version: this.release.version });
      case '/metrics':
        return text(200, this.metrics.text());
    }
    const route = this.#role.routes[request.path];
    const { role } = this.settings;
    if (route === undefined) return json(404, { error: `${role} has no ${request.path}` });
    // A Service that leads back to its caller: each request would make another one, for ever.
    if (request.headers[CALLER] === role) return json(508, { error: `${role} was called by ${role}` });
    try {
      if (this.release.cpuMs > 0) await this.host.spendCpu(this.release.cpuMs);
      return await route(request, this);
    } catch (error) {
      return this.#failure(request, error);
    }
  }

  #failure(request: ShopRequest, error: unknown): ShopResponse {
    if (error instanceof DependencyError) {
      this.log('error', 'dependency failed', {
        path: request.path,
        dependency: error.dependency,
        cause: error.message,
      });
      return json(error.status, {
        error: 'dependency failed',
        dependency: error.dependency,
        cause: error.message,
      });
    }
    this.log('error', 'request failed', { path: request.path, cause: textOf(error) });
    return json(500, { error: textOf(error) });
  }
}

function detailOf(body: string): string {
  try {
    const parsed = JSON.parse(body) as { dependency?: string; cause?: string; error?: string };
    return parsed.cause ?? parsed.error ?? body;
  } catch {
    return body.slice(0, 200);
  }
}

export function json(status: number, value: unknown): ShopResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(value)}\n` };
}

export function text(status: number, value: string): ShopResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: value.endsWith('\n') ? value : `${value}\n`,
  };
}
