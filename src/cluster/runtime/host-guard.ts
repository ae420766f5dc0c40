import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** A native timer or I/O that code of the cluster has started. */
export interface NativeActivity {
  /** Kind of resource as Node names it: `Timeout`, `Immediate`, `FSREQPROMISE`, `TCPWRAP`, … */
  readonly type: string;
  /** The program that was running, or undefined where it was a part of the cluster itself. */
  readonly program: string | undefined;
  readonly stack: string;
}

export interface NativeWatch {
  /** In the order they were started. */
  readonly activities: readonly NativeActivity[];
  stop(): void;
}

/** Promises and the queue of microtasks are how programs run at all, tokens are signed at once: no clock, no I/O. */
const HARMLESS = new Set(['PROMISE', 'Microtask', 'TickObject', 'SIGNREQUEST']);
/** The simulation runs its events in tasks of their own, made by immediates. */
const SIMULATION_TASK = 'inTask';
/** Code whose activities count: the cluster, the images, and bundles (`program:shop`). */
const CLUSTER_CODE = /[/\\]src[/\\](cluster|images)[/\\]|program:/;
const DEEP = 50;

const running = new AsyncLocalStorage<string>();

/** Runs a program under its name, which everything that it starts or rejects has from it. */
export function runAsProgram<T>(name: string, run: () => T): T {
  return running.run(name, run);
}

/** The program that runs now, or whose promise was rejected; undefined where it is a part of the cluster itself. */
export function runningProgram(): string | undefined {
  return running.getStore();
}

/**
 * Records every native timer and I/O resource that programs (or the parts of the cluster) start, so that a test can
 * show that there was none.
 */
export function watchNativeActivity(): NativeWatch {
  const activities: NativeActivity[] = [];
  const hook = createHook({
    init: (_id, type) => {
      if (HARMLESS.has(type)) return;
      const depth = Error.stackTraceLimit;
      Error.stackTraceLimit = DEEP;
      const stack = new Error(type).stack ?? '';
      Error.stackTraceLimit = depth;
      if (type === 'Immediate' && stack.includes(SIMULATION_TASK)) return;
      const program = runningProgram();
      if (program === undefined && !CLUSTER_CODE.test(withoutThisFile(stack))) return;
      activities.push({ type, program, stack });
    },
  }).enable();
  const watch: NativeWatch = {
    activities,
    stop: () => {
      hook.disable();
    },
  };
  return watch;
}

function withoutThisFile(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => !line.includes('host-guard'))
    .join('\n');
}
