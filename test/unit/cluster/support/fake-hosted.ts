import type { ApiRequest, ApiResponse, DeferredResponse } from '../../../../src/cluster/apiserver/types.ts';
import type { HostedCluster, WallTime } from '../../../../src/cluster/host/host.ts';
import type { ExecInput, ExecOutput } from '../../../../src/cluster/node-api.ts';
import type { OutsideChange } from '../../../../src/cluster/outside.ts';
import { Simulation } from '../../../../src/cluster/simulation/simulation.ts';

export const SECOND = 1_000_000;
export const EPOCH = Date.UTC(2026, 10, 22) * 1000;

/** A cluster whose state is a list of what happened, with an event every second. */
export class FakeCluster implements HostedCluster {
  readonly simulation = new Simulation({ seed: 'host', epoch: EPOCH });
  readonly seen: string[] = [];
  #revision = 0;
  readonly revision = (): number => this.#revision;

  constructor() {
    this.#tick();
  }

  #tick(): void {
    this.simulation.after(SECOND, 'tick', () => {
      this.note('tick');
      this.#tick();
    });
  }

  handle(request: ApiRequest): ApiResponse | DeferredResponse {
    if (request.path.endsWith('/exec')) {
      return {
        kind: 'exec',
        options: { command: ['cat'], stdin: true, tty: false },
        start: (output) => this.#exec(output),
      };
    }
    if (request.method !== 'GET') this.note(`${request.method} ${request.path}`);
    return { kind: 'complete', status: 200, headers: {}, body: Buffer.from(this.seen.join('\n')) };
  }

  change(change: OutsideChange): void {
    if (change.what === 'remove-image' && change.node === 'none')
      throw new RangeError('there is no node none');
    this.note(`outside ${change.what}`);
  }

  #exec(output: ExecOutput): ExecInput {
    this.note('exec');
    return {
      stdin: (bytes) => {
        this.note(`stdin ${Buffer.from(bytes).toString()}`);
        output.stdout(bytes);
      },
      stdinEnd: () => this.simulation.after(2 * SECOND, 'exit', () => output.exit({ code: 0 })),
      resize: () => {},
      close: () => this.note('close'),
    };
  }

  protected note(what: string): void {
    this.seen.push(`${(this.simulation.now - EPOCH) / SECOND} ${what}`);
    this.#revision++;
  }
}

/** One that asks somebody, for a second, before it lets a session in or shows what is guarded; what follows is known. */
export class GuardedCluster extends FakeCluster {
  #isLetIn = false;

  override handle(request: ApiRequest): ApiResponse | DeferredResponse {
    if (this.#isLetIn || !/\/(exec|guarded)$/.test(request.path)) return super.handle(request);
    return {
      kind: 'deferred',
      start: (done) => {
        this.simulation.after(SECOND, 'guard', () => {
          this.note('let in');
          this.#isLetIn = true;
          const answer = super.handle(request);
          if (answer.kind !== 'deferred') done(answer);
        });
      },
    };
  }
}

export class FakeWall implements WallTime {
  at = EPOCH;
  wake: (() => void) | undefined;
  now = (): number => this.at;
  wakeAt(_at: number, run: () => void): () => void {
    this.wake = run;
    return () => (this.wake = undefined);
  }
}
