import type { HttpResponse } from '../../cluster/network/types.ts';
import { NetError } from '../../cluster/network/types.ts';
import { LookupError, type ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, failure, log } from './go.ts';
import { resolveAddress } from './resolve.ts';
import { forever } from './simple.ts';

const GIVE_UP_MS = 15_000;
const RETRY_MS = 1_000;
const CALL_MS = 5_000;

/** A guest book with one primary, which passes what it is told on to its replicas, and a front end. */
export const guestbook: Subcommand = async (context, args) => {
  const flags = readFlags(args, { 'http-port': undefined, 'backend-port': undefined, replicaof: undefined });
  const backend = flags.number('backend-port', 6379);
  const book = new Book(context, backend);
  context.net.listenHttp(flags.number('http-port', 80), (request) => book.serve(request.path));
  const primary = flags.text('replicaof', '');
  if (primary !== '' && !(await book.register(primary))) {
    log(context, 'Timed out while registering to primary.');
    return 1;
  }
  return forever(context);
};

class Book {
  readonly #context: ProgramContext;
  readonly #backend: number;
  readonly #store = new Map<string, string>();
  readonly #replicas: string[] = [];

  constructor(context: ProgramContext, backend: number) {
    this.#context = context;
    this.#backend = backend;
  }

  /** Tells the primary to pass everything on to this one. */
  async register(primary: string): Promise<boolean> {
    const end = this.#context.clock.now() + GIVE_UP_MS;
    while (this.#context.clock.now() < end) {
      const { text, error } = await this.#call(primary, `register?host=${this.#context.net.ip}`);
      if (error !== undefined) {
        log(this.#context, `encountered error while registering to primary: ${error}. Retrying in 1s.`);
        await this.#context.clock.sleep(RETRY_MS);
        continue;
      }
      const { data } = JSON.parse(text) as { data: Readonly<Record<string, string>> };
      for (const [key, value] of Object.entries(data)) this.#store.set(key, value);
      log(this.#context, `Registered to node: ${primary}`);
      return true;
    }
    return false;
  }

  async serve(path: string): Promise<HttpResponse> {
    const { pathname, searchParams } = new URL(path, 'http://agnhost');
    const key = searchParams.get('key') ?? '';
    const value = searchParams.get('value') ?? '';
    switch (pathname) {
      case '/register':
        this.#replicas.push(searchParams.get('host') ?? '');
        return answer(JSON.stringify({ data: Object.fromEntries(this.#store) }));
      case '/get':
        log(this.#context, `GET /get?key=${key}`);
        return answer(
          JSON.stringify({
            data: key === '' ? Object.fromEntries(this.#store) : (this.#store.get(key) ?? ''),
          }),
        );
      case '/set':
        log(this.#context, `GET /set?key=${key}&value=${value}`);
        return this.#set(key, value);
      case '/guestbook':
        return this.#forward((searchParams.get('cmd') ?? '').toLowerCase(), key, value);
      default:
        return failure(404, '404 page not found');
    }
  }

  async #set(key: string, value: string): Promise<HttpResponse> {
    if (key === '') return failure(400, 'cannot set with empty key.');
    this.#store.set(key, value);
    for (const replica of this.#replicas) {
      const { error } = await this.#call(replica, `set?key=${key}&value=${value}`);
      if (error !== undefined) {
        return failure(417, `encountered error while propagating to replica '${replica}': ${error}`);
      }
    }
    return answer(JSON.stringify({ message: 'Updated' }));
  }

  async #forward(command: string, key: string, value: string): Promise<HttpResponse> {
    log(this.#context, `GET /guestbook?cmd=${command}&key=${key}&value=${value}`);
    if (command !== 'get' && command !== 'set') return failure(400, `unsupported cmd: '${command}'`);
    if (command === 'set' && key === '') return failure(400, 'cannot set with empty key.');
    const host = command === 'get' ? 'agnhost-replica' : 'agnhost-primary';
    const { text, error } = await this.#call(host, `${command}?key=${key}&value=${value}`);
    return error === undefined ? answer(text) : failure(417, `encountered error: ${error}`);
  }

  async #call(host: string, request: string): Promise<{ readonly text: string; readonly error?: string }> {
    const target = `${host}:${this.#backend}`;
    try {
      const ip = await resolveAddress(this.#context, host);
      const message = { method: 'GET', path: `/${request}`, headers: { host: target }, body: '' };
      const { body } = await this.#context.net.http({ ip, port: this.#backend }, message, {
        timeoutMs: CALL_MS,
      });
      return { text: body };
    } catch (error) {
      if (!(error instanceof NetError) && !(error instanceof LookupError)) throw error;
      return { text: '', error: `Get "http://${target}/${request}": ${error.message}` };
    }
  }
}
