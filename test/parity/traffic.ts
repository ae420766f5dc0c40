import type { ApiRequest, ApiResponse } from '../../src/cluster/apiserver/types.ts';
import type { RequestHandler } from '../../src/cluster/wire/types.ts';

/** Nothing came or went for so long, in milliseconds of the wall: what a client has got it has understood. */
const QUIET = 60;

type Of<K extends ApiResponse['kind']> = Extract<ApiResponse, { kind: K }>;

/** Stands between the wire and the host and sees whether anything comes or goes. */
export class Traffic implements RequestHandler {
  readonly #host: RequestHandler;
  /** Streams that the command has open that runs now. */
  #open = 0;
  #turn = 0;
  #last = 0;
  #count = 0;

  constructor(host: RequestHandler) {
    this.#host = host;
  }

  /** How often something came or went. */
  get count(): number {
    return this.#count;
  }

  /** Whether something came or went just now. */
  get busy(): boolean {
    return performance.now() - this.#last < QUIET;
  }

  /** Whether the client seems to wait for the cluster: a stream is open, and nothing comes. */
  get waits(): boolean {
    return this.#open > 0 && !this.busy;
  }

  /** A command begins; what others have left open in the background waits no more for the cluster. */
  begin(): void {
    this.#turn++;
    this.#open = 0;
    this.touch();
  }

  touch(): void {
    this.#count++;
    this.#last = performance.now();
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    this.touch();
    const response = await this.#host.handle(request);
    this.touch();
    switch (response.kind) {
      case 'complete':
        return response;
      case 'stream':
        return this.#stream(response);
      case 'exec':
        return this.#exec(response);
      case 'portforward':
        return this.#forward(response);
    }
  }

  #stream(response: Of<'stream'>): ApiResponse {
    const open: typeof response.open = (sink) => {
      const close = this.#opened();
      const stop = response.open({
        write: this.#seen((bytes) => sink.write(bytes)),
        end: first(close, () => sink.end()),
      });
      return first(close, stop);
    };
    return { ...response, open };
  }

  #exec(response: Of<'exec'>): ApiResponse {
    const start: typeof response.start = (output) => {
      const close = this.#opened();
      const input = response.start({
        stdout: this.#seen((bytes) => output.stdout(bytes)),
        stderr: this.#seen((bytes) => output.stderr(bytes)),
        exit: first(close, (result) => output.exit(result)),
      });
      return {
        stdin: this.#seen((bytes) => input.stdin(bytes)),
        stdinEnd: this.#seen(() => input.stdinEnd()),
        resize: (columns, rows) => input.resize(columns, rows),
        close: first(close, () => input.close()),
      };
    };
    return { ...response, start };
  }

  #forward(response: Of<'portforward'>): ApiResponse {
    const connect: typeof response.connect = (port, output) => {
      const close = this.#opened();
      const input = response.connect(port, {
        data: this.#seen((bytes) => output.data(bytes)),
        end: first(close, () => output.end()),
        error: first(close, (error) => output.error(error)),
      });
      return {
        data: this.#seen((bytes) => input.data(bytes)),
        end: this.#seen(() => input.end()),
        destroy: first(close, () => input.destroy()),
      };
    };
    return { ...response, connect };
  }

  #seen<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void {
    return first(() => this.touch(), work);
  }

  /** @returns to be called when it is closed; more than once does no harm */
  #opened(): () => void {
    this.#open++;
    this.touch();
    const turn = this.#turn;
    let open = true;
    return () => {
      this.touch();
      if (open && turn === this.#turn) this.#open--;
      open = false;
    };
  }
}

function first<A extends unknown[]>(before: () => void, work: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    before();
    work(...args);
  };
}
