import type {
  ExecInput,
  ExecOptions,
  ExecOutput,
  PodRef,
  PortForwardInput,
  PortForwardOutput,
  StreamSink,
} from '../node-api.ts';

/** Who sends a request, as authentication found out. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** A request as the wire has read it, before authentication. Plain data: it goes into the input log as it is. */
export interface ApiRequest {
  readonly method: string;
  /** Path without query, as sent. */
  readonly path: string;
  /** Query without `?`. */
  readonly query: string;
  /** Names in lower case; only what the API server reads: accept, content-type, authorization, user-agent, impersonate-*. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** From the client certificate, where one was shown and signed by the cluster's CA. */
  readonly certificate?: {
    readonly commonName: string;
    readonly organizations: readonly string[];
    /** Its fingerprint, in lower-case hexadecimal digits. */
    readonly sha256?: string;
  };
}

/** An answer that somebody else in the cluster has to give first (a pod behind a proxy). */
export interface DeferredResponse {
  readonly kind: 'deferred';
  /** Asks for it, once; `done` is called back once, in an event of the simulation. */
  start(done: (answer: ApiResponse) => void): void;
}

/** What the API server answers. The wire layer turns it into HTTP/2, HTTP/1.1, WebSocket or SPDY. */
export type ApiResponse =
  | {
      readonly kind: 'complete';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      /**
       * What the body says in JSON, for who asks within this process: shared with the store, so not to be changed.
       * Items of a list have kind and apiVersion here.
       */
      readonly data?: () => object;
      /** The mistake of ours that a 500 stands for. It is not sent; who looks for mistakes finds it here. */
      readonly cause?: unknown;
    }
  | {
      /** A watch or a followed log: `open` is called once the header is out, and returns what ends it. */
      readonly kind: 'stream';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      open(sink: StreamSink): () => void;
    }
  | { readonly kind: 'exec'; readonly options: ExecOptions; start(output: ExecOutput): ExecInput }
  | {
      readonly kind: 'portforward';
      readonly pod: PodRef;
      connect(port: number, output: PortForwardOutput): PortForwardInput;
    };
