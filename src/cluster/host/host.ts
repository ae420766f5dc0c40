import { messageOf } from '../../core/errors.ts';
import { goJsonLine } from '../../core/go-json.ts';
import type { ApiRequest, ApiResponse, DeferredResponse } from '../apiserver/types.ts';
import type { ExecInput, ExecOutput, PortForwardInput, PortForwardOutput } from '../node-api.ts';
import type { OutsideChange } from '../outside.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import {
  apiRequest,
  type Input,
  type InputRecord,
  type LoggedRequest,
  loggedRequest,
  type SessionInput,
} from './inputs.ts';
import { MovedTime } from './moved-time.ts';
import { Turns } from './turns.ts';

/** The part of a cluster that the host drives. */
export interface HostedCluster {
  readonly simulation: Simulation;
  readonly revision: () => number;
  handle(request: ApiRequest): ApiResponse | DeferredResponse;
  /** @throws RangeError */
  change(change: OutsideChange): void;
}

/** The clock that a live lab follows, in microseconds since 1970; undefined while time is moved by hand. */
export interface WallTime {
  now(): Micros;
  /** Calls back at about that instant; the returned function cancels. */
  wakeAt(at: Micros, run: () => void): () => void;
}

/** A gap in the wall clock longer than this (a sleeping laptop, a dead process) does not make the lab older. */
const LONGEST_GAP: Micros = 60_000_000;

/**
 * The cluster runs for so long of the wall's time between two requests, where it has more to do: while time is moved on
 * ({@link Host.advanceBy}), and while pods want more of the host than there is. The clock is behind the wall then.
 */
const RUN_AT_ONCE: Micros = 10_000;

const nowhereExec: ExecOutput = { stdout: () => {}, stderr: () => {}, exit: () => {} };
const nowhereForward: PortForwardOutput = { data: () => {}, end: () => {}, error: () => {} };

/**
 * Stands between the wire and the cluster and keeps the rules of time (docs/architecture.md, "Virtual time"):
 * one turn at a time; before a request every due event runs; what changes state is recorded before it is applied.
 */
export class Host {
  readonly #cluster: HostedCluster;
  readonly #record: (record: InputRecord) => void;
  readonly #execs = new Map<number, ExecInput>();
  readonly #forwards = new Map<number, PortForwardInput>();
  #sessions = 0;
  readonly #turns = new Turns(() => this.#afterTurn());
  readonly #moved: MovedTime;
  #wall: WallTime | undefined;
  /** How far the clock is behind the wall; negative where it is ahead. */
  #behind: Micros = 0;
  /** The wall's time when a turn was over before its work was; long ago where it was not. */
  #cutShortAt: Micros = -Infinity;
  /** The wall's time when it was last looked at, less {@link #behind}. */
  #lastWall: Micros = 0;
  #cancelWake: () => void = () => {};
  #closed = false;

  /** @param record called with every input before it is applied; it must be safe on disk when this returns */
  constructor(cluster: HostedCluster, record: (record: InputRecord) => void = () => {}) {
    this.#cluster = cluster;
    this.#record = record;
    this.#moved = new MovedTime(
      cluster.simulation,
      this.#turns,
      () => this.#wall === undefined && !this.#closed,
    );
  }

  get now(): Micros {
    return this.#cluster.simulation.now;
  }

  /** Whether the clock follows the wall. */
  get live(): boolean {
    return this.#wall !== undefined;
  }

  /** Answers one request of the wire. */
  handle(request: ApiRequest): Promise<ApiResponse> {
    return this.turn(async () => {
      await this.#catchUpFor();
      if (isRead(request)) return { answer: this.#read(request) };
      if (isStream(request)) return { answer: this.#open(request) };
      const answer = this.#answer(loggedRequest(request));
      if (answer instanceof Promise) this.#await(answer);
      return { answer };
    })
      .then(({ answer }) => answer)
      .catch((error: unknown) => internalError(messageOf(error)));
  }

  /** A read leaves no trace, unless somebody in the cluster has to be asked for the answer. */
  #read(request: ApiRequest): ApiResponse | Promise<ApiResponse> {
    const response = this.#cluster.handle(request);
    if (response.kind !== 'deferred') return response;
    this.#note({ type: 'request', request: loggedRequest(request) });
    this.#cluster.simulation.wake();
    const answer = started(response);
    if (answer instanceof Promise) this.#await(answer);
    return answer;
  }

  /** While time is moved by hand it moves until this answer is there. */
  #await(answer: Promise<ApiResponse>): void {
    const come = this.#moved.awaited();
    void answer.then(come);
  }

  /** Moves time by hand to an instant (never backwards). Only while the lab is not live. */
  advanceTo(at: Micros): Promise<void> {
    return this.turn(async () => {
      if (this.#wall !== undefined) throw new Error('the clock of a live lab follows the wall');
      // An exec of somebody else may have moved it further, into the midst of an instant: a replay runs all of it.
      await this.#cluster.simulation.advanceTo(Math.max(at, this.now));
      this.#apply({ type: 'advance' });
    });
  }

  /** Waits for an instant, which moves time there while it is moved by hand: {@link MovedTime}. @throws the signal's reason */
  waitUntil(at: Micros, signal?: AbortSignal): Promise<void> {
    return this.#moved.waitUntil(at, signal);
  }

  /** How far the clock is behind the wall; negative where it is ahead. */
  get behind(): Micros {
    return this.#behind;
  }

  /**
   * Arrives at the wall and follows it from now on.
   * @param behind how far behind the wall it stays
   */
  goLive(wall: WallTime, behind: Micros = 0): Promise<void> {
    return this.turn(async () => {
      await this.#cluster.simulation.advanceTo(wall.now() - behind);
      this.#live(behind);
      this.#follow(wall);
    });
  }

  /** Moves the clock of a live cluster on: what would have happened in that time happens now. Requests are answered meanwhile. */
  async advanceBy(by: Micros): Promise<void> {
    for (let left = by; left > 0;) left -= await this.turn(() => this.#moveOn(left));
  }

  /**
   * Follows the wall again after a replay whose log was live.
   * @param lastSeen when the lab was last known alive, in the wall's time
   * @param behind as the replay has found it
   */
  resume(wall: WallTime, lastSeen: Micros, behind: Micros = 0): Promise<void> {
    return this.turn(async () => {
      await this.#cluster.simulation.advanceTo(lastSeen - behind);
      this.#behind = behind;
      this.#lastWall = Math.max(lastSeen - behind, this.now);
      this.#wall = wall;
      await this.#catchUp();
      this.#follow(wall);
      this.#hangUp();
    });
  }

  /** Brings the state up to now and returns the instant: what a fork must replay to. */
  sync(): Promise<Micros> {
    return this.turn(async () => {
      await this.#catchUp();
      return this.now;
    });
  }

  /** Writes into the log what time it is, so that a replay goes that far. */
  mark(): Promise<void> {
    return this.turn(async () => {
      await this.#catchUp();
      this.#apply({ type: 'advance' });
    });
  }

  /** Does something outside the API, at once. @throws RangeError where there is nothing to do it to */
  change(change: OutsideChange): Promise<void> {
    return this.turn(async () => {
      await this.#catchUp();
      this.#note({ type: 'outside', change });
      this.#cluster.simulation.wake();
      this.#cluster.change(change);
    });
  }

  /**
   * Applies the inputs of a log in order.
   * @returns whether the clock followed the wall at the end of it, and how far behind
   * @throws ReplayError where the state is not what the log saw
   */
  async replay(records: Iterable<InputRecord>): Promise<{ live: boolean; behind: Micros }> {
    let live = false;
    let behind = 0;
    for (const record of records) {
      const { simulation } = this.#cluster;
      if (record.input.type !== 'gap') await simulation.advanceTo(record.at);
      else await simulation.advanceTo(record.at - record.input.by);
      const revision = this.#cluster.revision();
      if (simulation.eventCount !== record.events || revision !== record.revision) {
        throw new ReplayError(record, simulation.eventCount, revision);
      }
      if (record.input.type === 'live') {
        live = true;
        behind = record.input.behind ?? 0;
      }
      this.#perform(record.input, undefined);
    }
    await this.#cluster.simulation.settle();
    return { live, behind };
  }

  /** Runs `work` when every turn before it is over. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  close(): void {
    this.#closed = true;
    this.#cancelWake();
    this.#wall = undefined;
  }

  // ---- time -----------------------------------------------------------------------------------------------

  /** Whoever has waited for a turn that was cut short does not wait for the next as well: they are had in turn. */
  async #catchUpFor(): Promise<void> {
    const wasCutShort = this.#wall !== undefined && this.#wall.now() - this.#cutShortAt < RUN_AT_ONCE;
    if (!wasCutShort) await this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const { simulation } = this.#cluster;
    if (this.#wall === undefined) {
      await simulation.advanceTo(simulation.now);
      return;
    }
    const wall = this.#wall.now() - this.#behind;
    if (wall - this.#lastWall > LONGEST_GAP) {
      this.#apply({ type: 'gap', by: wall - simulation.now });
    }
    this.#lastWall = Math.max(wall, this.#lastWall);
    await this.#runTowards(wall, this.#wall);
  }

  /** Runs what is due up to `until`, or what one turn has time for: the next one goes on. */
  async #runTowards(until: Micros, wall: WallTime): Promise<void> {
    const { simulation } = this.#cluster;
    const begun = wall.now();
    const inTime = (): boolean => wall.now() - begun < RUN_AT_ONCE;
    const isMore = await simulation.advanceWhile(inTime, until);
    // Not into the midst of an instant: a replay runs all of it.
    await simulation.advanceTo(isMore ? simulation.now : until);
    this.#cutShortAt = isMore ? wall.now() : -Infinity;
  }

  #follow(wall: WallTime): void {
    this.#wall = wall;
    this.#lastWall = wall.now() - this.#behind;
  }

  #live(behind: Micros): void {
    this.#behind = behind;
    this.#apply(behind === 0 ? { type: 'live' } : { type: 'live', behind });
  }

  /** Moves the clock of a live cluster on, by `most` or for as long as one turn may take. @returns by how much */
  async #moveOn(most: Micros): Promise<Micros> {
    const wall = this.#wall;
    if (wall === undefined) throw new Error('only the clock of a live cluster can be moved on');
    await this.#catchUp();
    const { simulation } = this.#cluster;
    const from = simulation.now;
    await this.#runTowards(from + most, wall);
    const by = simulation.now - from;
    this.#live(this.#behind - by);
    this.#follow(wall);
    return by;
  }

  #afterTurn(): void {
    if (this.#closed) return;
    this.#moved.afterTurn();
    if (this.#wall === undefined) return;
    this.#cancelWake();
    const next = this.#cluster.simulation.nextAt();
    // Look at the clock at least every 20 s, so that a gap is seen as one.
    const at = Math.min((next ?? Infinity) + this.#behind, this.#wall.now() + LONGEST_GAP / 3);
    this.#cancelWake = this.#wall.wakeAt(at, () => void this.turn(() => this.#catchUp()));
  }

  // ---- inputs ---------------------------------------------------------------------------------------------

  #apply(input: Input): void {
    this.#note(input);
    this.#perform(input, undefined);
  }

  #answer(request: LoggedRequest): ApiResponse | Promise<ApiResponse> {
    this.#note({ type: 'request', request });
    this.#cluster.simulation.wake();
    return started(this.#cluster.handle(apiRequest(request)));
  }

  /** The record of a gap has the time after it. */
  #note(input: Input): void {
    const { simulation } = this.#cluster;
    this.#record({
      at: input.type === 'gap' ? this.now + input.by : this.now,
      events: simulation.eventCount,
      revision: this.#cluster.revision(),
      input,
    });
  }

  #perform(input: Input, output: ExecOutput | undefined): void {
    // Whatever comes from outside may wake a program.
    this.#cluster.simulation.wake();
    switch (input.type) {
      case 'request':
        void started(this.#cluster.handle(apiRequest(input.request)));
        break;
      case 'exec':
        this.#startExec(input.session, apiRequest(input.request), output ?? nowhereExec);
        break;
      case 'forward':
        this.#startForward(input.session, apiRequest(input.request), input.port, nowhereForward);
        break;
      case 'gap':
        this.#cluster.simulation.shift(input.by);
        break;
      case 'outside':
        this.#changeAgain(input.change);
        break;
      case 'advance':
      case 'live':
        break;
      default:
        this.#performInSession(input);
        break;
    }
  }

  /** What was impossible when it was logged is so again. */
  #changeAgain(change: OutsideChange): void {
    try {
      this.#cluster.change(change);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  #performInSession(input: SessionInput): void {
    const { session } = input;
    switch (input.type) {
      case 'stdin':
        this.#execs.get(session)?.stdin(Buffer.from(input.data, 'base64'));
        break;
      case 'stdin-end':
        this.#execs.get(session)?.stdinEnd();
        break;
      case 'resize':
        this.#execs.get(session)?.resize(input.columns, input.rows);
        break;
      case 'close':
        this.#execs.get(session)?.close();
        this.#execs.delete(session);
        break;
      case 'forward-data':
        this.#forwards.get(session)?.data(Buffer.from(input.data, 'base64'));
        break;
      case 'forward-end':
        this.#forwards.get(session)?.end();
        break;
      case 'forward-destroy':
        this.#forwards.get(session)?.destroy();
        this.#forwards.delete(session);
        break;
    }
  }

  /** A request that opens a session: asked once without effect, then started as an input of its own. */
  #open(request: ApiRequest): ApiResponse | Promise<ApiResponse> {
    const response = this.#cluster.handle(request);
    if (response.kind !== 'deferred') return this.#session(request, response);
    // Somebody in the cluster decides on it: that is no question without effect.
    const answer = this.#answer(loggedRequest(request));
    if (!(answer instanceof Promise)) return this.#session(request, answer);
    this.#await(answer);
    return answer.then((given) => this.#session(request, given));
  }

  #session(request: ApiRequest, response: ApiResponse): ApiResponse {
    if (response.kind === 'exec') {
      return { ...response, start: (output) => this.#execSession(request, output) };
    }
    if (response.kind === 'portforward') {
      return { ...response, connect: (port, output) => this.#forwardSession(request, port, output) };
    }
    return response;
  }

  /** The clients of sessions that the log leaves open went away with the process that served them. */
  #hangUp(): void {
    for (const session of [...this.#execs.keys()]) this.#apply({ type: 'close', session });
    for (const session of [...this.#forwards.keys()]) this.#apply({ type: 'forward-destroy', session });
  }

  #execSession(request: ApiRequest, output: ExecOutput): ExecInput {
    const session = ++this.#sessions;
    const come = this.#moved.awaited();
    const watched: ExecOutput = {
      stdout: (bytes) => output.stdout(bytes),
      stderr: (bytes) => output.stderr(bytes),
      exit: (result) => {
        come();
        output.exit(result);
      },
    };
    const failed = (error: unknown): void => watched.exit({ error: messageOf(error) });
    this.#later(() => {
      const input: Input = { type: 'exec', session, request: loggedRequest(request) };
      this.#note(input);
      this.#perform(input, watched);
    }, failed);
    const later = (input: Input): void => this.#later(() => this.#apply(input), failed);
    return {
      stdin: (bytes) => later({ type: 'stdin', session, data: Buffer.from(bytes).toString('base64') }),
      stdinEnd: () => later({ type: 'stdin-end', session }),
      resize: (columns, rows) => later({ type: 'resize', session, columns, rows }),
      close: () => {
        come();
        later({ type: 'close', session });
      },
    };
  }

  #forwardSession(request: ApiRequest, port: number, output: PortForwardOutput): PortForwardInput {
    const session = ++this.#sessions;
    const failed = (): void => output.end();
    this.#later(() => {
      this.#note({ type: 'forward', session, request: loggedRequest(request), port });
      this.#cluster.simulation.wake();
      this.#startForward(session, request, port, output);
    }, failed);
    const later = (input: Input): void => this.#later(() => this.#apply(input), failed);
    return {
      data: (bytes) => later({ type: 'forward-data', session, data: Buffer.from(bytes).toString('base64') }),
      end: () => later({ type: 'forward-end', session }),
      destroy: () => later({ type: 'forward-destroy', session }),
    };
  }

  #startExec(session: number, request: ApiRequest, output: ExecOutput): void {
    this.#sessions = Math.max(this.#sessions, session);
    const response = this.#cluster.handle(request);
    if (response.kind !== 'exec') {
      output.exit({ error: 'the container is gone' });
      return;
    }
    this.#execs.set(session, response.start(output));
  }

  #startForward(session: number, request: ApiRequest, port: number, output: PortForwardOutput): void {
    this.#sessions = Math.max(this.#sessions, session);
    const response = this.#cluster.handle(request);
    if (response.kind === 'portforward') this.#forwards.set(session, response.connect(port, output));
    else output.end();
  }

  #later(work: () => void, failed: (error: unknown) => void): void {
    this.turn(async () => {
      await this.#catchUpFor();
      work();
      await this.#cluster.simulation.settle();
    }).catch(failed);
  }
}

/** A replay saw another state than the log: another version of breakfix, or a log that was tampered with. */
export class ReplayError extends Error {
  readonly record: InputRecord;

  constructor(record: InputRecord, events: number, revision: number) {
    super(
      `the log's input at ${new Date(record.at / 1000).toISOString()} expects event ${record.events} and revision ` +
        `${record.revision}; the replay is at event ${events} and revision ${revision}`,
    );
    this.name = 'ReplayError';
    this.record = record;
  }
}

const STREAM_PATH = /\/pods\/[^/]+\/(exec|attach|portforward)$/;

/** Asks for an answer that others have to give. */
function started(response: ApiResponse | DeferredResponse): ApiResponse | Promise<ApiResponse> {
  if (response.kind !== 'deferred') return response;
  return new Promise((resolve) => {
    response.start(resolve);
  });
}

function isStream(request: ApiRequest): boolean {
  return STREAM_PATH.test(request.path);
}

function isRead(request: ApiRequest): boolean {
  return (
    (request.method === 'GET' || request.method === 'HEAD') &&
    !isStream(request) &&
    !/\/proxy(\/|$)/.test(request.path)
  );
}

function internalError(message: string): ApiResponse {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'InternalError',
    code: 500,
  };
  return {
    kind: 'complete',
    status: 500,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(goJsonLine(status)),
  };
}
