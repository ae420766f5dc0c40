/**
 * All that the shop knows of the world. Two hosts exist: a Node server in an image (node/main.ts) and a program
 * inside breakfix's embedded cluster, where time, network, files, memory and CPU are simulated. The shop imports
 * nothing else, so that both run the same source.
 */
export interface ShopHost {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** From 0 (included) to 1 (excluded). */
  random(): number;
  /** One line on standard output. */
  print(line: string): void;
  /** Waits for requests on a port of all addresses; resolves once it listens. */
  listen(port: number, handler: (request: ShopRequest) => Promise<ShopResponse>): Promise<Listener>;
  /** Answers DNS questions on a port of all addresses, over UDP and TCP; resolves once it listens. */
  listenDns(port: number, answer: (question: DnsQuestion) => Promise<DnsAnswer>): Promise<Listener>;
  /** One HTTP exchange. Rejects with a {@link CallError}-shaped error (its `code` is what counts). */
  call(url: string, options: CallOptions): Promise<ShopResponse>;
  /** Addresses of a name, as the C library finds them. Rejects with `code` ENOTFOUND or EAI_AGAIN. */
  lookup(name: string): Promise<readonly string[]>;
  /** Opens a TCP connection and closes it again. Rejects with the network's `code`. */
  dial(host: string, port: number, timeoutMs: number): Promise<void>;
  /**
   * Sends one DNS query over UDP to port 53 of an address, whatever the pod's own DNS settings. Without a question it
   * resolves when an answer comes, whatever it says; with one to what the name has of that type, and rejects with `code`
   * ENOTFOUND where there is no such name.
   */
  ask(
    server: string,
    timeoutMs: number,
    question?: { readonly name: string; readonly type: string },
  ): Promise<readonly string[]>;
  readonly files: {
    readText(path: string): string;
    append(path: string, text: string): void;
    /** Throws where the folder cannot be written. */
    checkWritable(folder: string): void;
    exists(path: string): boolean;
  };
  /** Memory outside the language's heap, really touched; freed by `release`. */
  holdMemory(bytes: number): { release(): void };
  residentBytes(): number;
  /** The most that was ever resident. */
  peakBytes(): number;
  /** Burns CPU time. */
  spendCpu(ms: number): Promise<void>;
  onTerminate(handler: () => void): void;
  /** The signal that {@link hangUp} sends. */
  onHangUp(handler: () => void): void;
  /** Tells the main process of the container to close its listener and live on. */
  hangUp(): void;
}

export interface ShopRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ShopResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface DnsQuestion {
  /** Lower case, without the final dot. */
  readonly name: string;
  /** `A`, `AAAA` …; `TYPE15` and the like where it has no name here. */
  readonly type: string;
}

export interface DnsAnswer {
  readonly code: 'NOERROR' | 'NXDOMAIN' | 'REFUSED';
  /** IPv4 addresses of the name that was asked for. */
  readonly addresses: readonly string[];
  /** Seconds that the answer may be kept, also where there is no address. */
  readonly ttl: number;
  /** The zone that says so where there is no address. */
  readonly zone: string;
}

export interface Listener {
  close(): void;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** The code of a failed call: `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT` …; `EUNKNOWN` for anything else. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return 'EUNKNOWN';
}

export function textOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
