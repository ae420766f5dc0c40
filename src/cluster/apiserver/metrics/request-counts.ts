import type { StreamSink } from '../../node-api.ts';
import type { Micros, Simulation } from '../../simulation/simulation.ts';
import type { ApiResponse, DeferredResponse } from '../types.ts';
import type { RequestLabels } from './request-labels.ts';

/** How far a request came. */
export interface Passage {
  authenticated: boolean;
  authorized: boolean;
  /** Undefined for what is not counted by itself. */
  labels: RequestLabels | undefined;
}

export interface Count {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

type Outcome = 'success' | 'error' | 'allowed' | 'no-opinion';

const READS = new Set(['GET', 'LIST', 'WATCH', 'CONNECT']);

/** What a server counts of the requests that it answers. */
export class RequestCounts {
  readonly #simulation: Pick<Simulation, 'now'>;
  readonly #totals = new Map<string, Count>();
  readonly #open = new Map<string, Count>();
  readonly #events = new Map<string, Count>();
  readonly #outcomes = new Map<Outcome, number>();
  #lastRead: Micros | undefined;
  #lastChange: Micros | undefined;

  constructor(simulation: Pick<Simulation, 'now'>) {
    this.#simulation = simulation;
  }

  /** By labels and code: requests that are over. */
  get totals(): Iterable<Count> {
    return this.#totals.values();
  }

  /** By labels: watches and the like that go on. */
  get open(): Iterable<Count> {
    return this.#open.values();
  }

  /** By resource: what was sent to watchers. */
  get events(): Iterable<Count> {
    return this.#events.values();
  }

  /** How often authentication and authorization ended so. */
  outcome(outcome: Outcome): number {
    return this.#outcomes.get(outcome) ?? 0;
  }

  /** When the last request was answered; the requests of this server take no time. */
  last(kind: 'mutating' | 'readOnly'): Micros | undefined {
    return kind === 'mutating' ? this.#lastChange : this.#lastRead;
  }

  /** Counts an answer once it is there, or over. */
  answered(passage: Passage, response: ApiResponse | DeferredResponse): ApiResponse | DeferredResponse {
    const { labels } = passage;
    this.#passed(passage);
    if (labels === undefined) return response;
    if (response.kind !== 'deferred') return this.#counted(labels, response);
    return {
      kind: 'deferred',
      start: (done) => response.start((answer) => done(this.#counted(labels, answer))),
    };
  }

  /** A request of a part inside, which nobody has to let in. */
  answeredInside(labels: RequestLabels, code: number): void {
    this.#passed({ authenticated: true, authorized: true, labels });
    this.#count(labels, code);
  }

  /** A watch begins. @returns what counts an event of it, and its end */
  watching(labels: RequestLabels): { event(): void; end(): void } {
    const { component, group, resource, scope, subresource, verb, version } = labels;
    const open = counter(this.#open, { component, group, resource, scope, subresource, verb, version });
    const events = counter(this.#events, { group, resource, version });
    open.value++;
    let ended = false;
    return {
      event: () => events.value++,
      end: () => {
        if (ended) return;
        ended = true;
        open.value--;
        this.#count(labels, 200);
      },
    };
  }

  #counted(labels: RequestLabels, response: ApiResponse): ApiResponse {
    switch (response.kind) {
      case 'complete':
        this.#count(labels, response.status);
        return response;
      case 'stream':
        return { ...response, open: (sink) => this.#opened(labels, sink, (own) => response.open(own)) };
      // A session has no code; it is asked for before it starts.
      case 'exec':
        return {
          ...response,
          start: (output) => {
            this.#count(labels, 0);
            return response.start(output);
          },
        };
      case 'portforward': {
        let first = true;
        return {
          ...response,
          connect: (port, output) => {
            if (first) this.#count(labels, 0);
            first = false;
            return response.connect(port, output);
          },
        };
      }
    }
  }

  #opened(labels: RequestLabels, sink: StreamSink, open: (own: StreamSink) => () => void): () => void {
    const watching = this.watching(labels);
    const isWatch = labels.verb === 'WATCH';
    try {
      const stop = open({
        write: (bytes) => {
          if (isWatch) watching.event();
          sink.write(bytes);
        },
        end: () => {
          watching.end();
          sink.end();
        },
      });
      return () => {
        watching.end();
        stop();
      };
    } catch (error) {
      watching.end();
      throw error;
    }
  }

  #passed({ authenticated, authorized, labels }: Passage): void {
    this.#add(authenticated ? 'success' : 'error');
    if (authenticated) this.#add(authorized ? 'allowed' : 'no-opinion');
    if (labels === undefined || READS.has(labels.verb)) this.#lastRead = this.#simulation.now;
    else this.#lastChange = this.#simulation.now;
  }

  #add(outcome: Outcome): void {
    this.#outcomes.set(outcome, this.outcome(outcome) + 1);
  }

  #count(labels: RequestLabels, code: number): void {
    counter(this.#totals, { ...labels, code: String(code) }).value++;
  }
}

function counter(counts: Map<string, Count>, labels: Count['labels']): Count {
  const key = Object.values(labels).join(' ');
  const known = counts.get(key);
  if (known !== undefined) return known;
  const made = { labels, value: 0 };
  counts.set(key, made);
  return made;
}
