import type { Container, Pod } from '../../model/objects.ts';
import type { EventRecorder } from '../api.ts';
import type { ContainerExit, ContainerRuntime } from '../runtime/container-types.ts';
import { RuntimeError } from '../runtime/container-types.ts';
import type { Signal } from '../runtime/types.ts';
import { MILLISECOND, SECOND } from '../simulation/simulation.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { containerConfig, terminationLogOf } from './container-config.ts';
import type { PodSurroundings } from './container-config.ts';
import { ConfigError } from './env.ts';
import { runHook } from './hooks.ts';
import type { HookDeps } from './hooks.ts';
import type { Refusal } from './image-manager.ts';
import { ContainerLog } from './logs.ts';
import { containerReference } from './pod-names.ts';
import { reasons } from './reasons.ts';
import { sleep, wait, within } from './task.ts';
import type { Step } from './task.ts';
import type { ContainerInstance, ContainerKind, StoredImage, Termination } from './types.ts';

export interface ContainerDeps {
  readonly simulation: Simulation;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly hooks: HookDeps;
  readonly owner: string;
  /** Hexadecimal digits for container ids, and the jitter of the runtime. */
  readonly random: { hex(length: number): string; between(low: number, high: number): number };
  /** A container has started or ended. */
  readonly changed: () => void;
}

export interface KillOptions {
  /** Replaces `Stopping container …`. */
  readonly message?: string;
  /** Microseconds from SIGTERM, hook included, to SIGKILL. */
  readonly grace: Micros;
}

/** Of every container the running or last run and the one before are kept, as the kubelet's garbage collector does. */
const KEPT_RUNS = 2;
const MAX_MESSAGE = 4096;
const MAX_LOG_MESSAGE = 2048;
const MAX_LOG_LINES = 80;
/** Containers always get this long to end. */
const LEAST_GRACE: Micros = 2 * SECOND;
const CREATE: readonly [Micros, Micros] = [20 * MILLISECOND, 60 * MILLISECOND];
const START: readonly [Micros, Micros] = [60 * MILLISECOND, 160 * MILLISECOND];

/** The containers of one pod in the runtime, newest run first. */
export class PodContainers {
  readonly #deps: ContainerDeps;
  readonly #runs = new Map<string, ContainerInstance[]>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(deps: ContainerDeps) {
    this.#deps = deps;
  }

  /** The running or last run of a container. */
  latest(name: string): ContainerInstance | undefined {
    return this.#runs.get(name)?.[0];
  }

  /** The run before {@link latest}. */
  previous(name: string): ContainerInstance | undefined {
    return this.#runs.get(name)?.[1];
  }

  /** The last run that has ended. */
  lastExited(name: string): ContainerInstance | undefined {
    return this.#runs.get(name)?.find((run) => run.state === 'exited');
  }

  /** All runs that the node still knows. */
  all(): ContainerInstance[] {
    return [...this.#runs.values()].flat();
  }

  running(): ContainerInstance[] {
    return this.all().filter((run) => run.state === 'running');
  }

  get any(): boolean {
    return this.#runs.size > 0;
  }

  /** Makes and starts a container. @returns why it does not run */
  *start(
    pod: Pod,
    kind: ContainerKind,
    container: Container,
    { image, around }: { image: StoredImage; around: PodSurroundings },
  ): Step<Refusal | undefined> {
    const { simulation, owner } = this.#deps;
    const about = containerReference(pod, kind, container.name);
    const report = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
      this.#deps.events.event(about, type, reason, message);
    const before = this.latest(container.name);
    const log = new ContainerLog(simulation);
    const id = this.#deps.random.hex(64);
    const seen = this.#target(container)?.runtime.processes;
    const run = { id, log: log.write.bind(log), ...(seen !== undefined && { processes: seen }) };
    let instance: ContainerInstance;
    try {
      const config = containerConfig(pod, container, image, around, run);
      yield* sleep(simulation, this.#deps.random.between(...CREATE), owner);
      const { uid, gid, groups = [gid] } = config.user;
      instance = {
        id,
        statusId: `containerd://${id}`,
        kind,
        spec: container,
        restartCount: before === undefined ? 0 : before.restartCount + 1,
        image,
        user: { uid, gid, groups },
        log,
        runtime: this.#deps.runtime.create(config),
        state: 'created',
        startedAt: undefined,
        finishedAt: undefined,
        termination: undefined,
        resources: container.resources,
      };
    } catch (error) {
      const refusal = refusalOf(error);
      report('Warning', reasons.failed, `Error: ${refusal.message}`);
      return refusal;
    }
    this.#keep(instance);
    report('Normal', reasons.created, 'Container created');
    yield* sleep(simulation, this.#deps.random.between(...START), owner);
    try {
      instance.state = 'running';
      instance.startedAt = simulation.now;
      instance.runtime.start((exit) => this.#ended(instance, around, exit));
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { message } = error;
      // containerd never saw it run: the time of its start stays zero.
      instance.startedAt = 0;
      this.#finish(instance, { exitCode: 128, reason: reasons.startError, message });
      report('Warning', reasons.failed, `Error: ${message}`);
      return { reason: reasons.runContainerError, message };
    }
    report('Normal', reasons.started, 'Container started');
    this.#deps.changed();
    return yield* this.#postStart(pod, instance, around);
  }

  /** The running container that a debugging one is to see the processes of. */
  #target({
    targetContainerName = '',
  }: Container & { targetContainerName?: string }): ContainerInstance | undefined {
    const target = this.latest(targetContainerName);
    return target?.state === 'running' ? target : undefined;
  }

  /** Stops a container: hook, SIGTERM, SIGKILL after the grace period. */
  *kill(pod: Pod, instance: ContainerInstance, options: KillOptions): Step {
    const { simulation, owner, events } = this.#deps;
    const about = containerReference(pod, instance.kind, instance.spec.name);
    const message = options.message ?? `Stopping container ${instance.spec.name}`;
    events.event(about, 'Normal', reasons.killing, message);
    if (instance.state !== 'running') return;
    const deadline = simulation.now + options.grace;
    const hook = instance.spec.lifecycle?.preStop;
    const hooked =
      hook === undefined ||
      options.grace <= 0 ||
      (yield* within(simulation, options.grace, owner, this.#preStop(pod, instance, about)));
    instance.runtime.kill(stopSignal(instance));
    const grace = Math.max(deadline - simulation.now, LEAST_GRACE);
    if (!(yield* within(simulation, grace, owner, this.#exited(instance)))) {
      instance.runtime.kill('SIGKILL');
      yield* this.#exited(instance);
    }
    // A command or a request that was still under way ends with its container.
    if (!hooked && hook.sleep === undefined) {
      events.event(about, 'Warning', reasons.failedPreStopHook, 'PreStopHook failed');
    }
  }

  /** SIGKILL for everything, at once and without a word. */
  killAll(): void {
    for (const instance of this.running()) instance.runtime.kill('SIGKILL');
  }

  /** Releases everything that the runtime holds; the pod is gone. */
  remove(): void {
    for (const runs of this.#runs.values()) for (const run of runs) run.runtime.remove();
    this.#runs.clear();
  }

  *#postStart(pod: Pod, instance: ContainerInstance, around: PodSurroundings): Step<Refusal | undefined> {
    const hook = instance.spec.lifecycle?.postStart;
    if (hook === undefined) return undefined;
    const target = { pod, instance, ip: around.sandbox.stack.ip };
    const message = yield* runHook(this.#deps.hooks, hook, target);
    if (message === undefined) return undefined;
    const about = containerReference(pod, instance.kind, instance.spec.name);
    const failed = reasons.failedPostStartHook;
    this.#deps.events.event(about, 'Warning', failed, 'PostStartHook failed');
    const grace = pod.spec.terminationGracePeriodSeconds * SECOND;
    yield* this.kill(pod, instance, { message: failed, grace });
    return { reason: reasons.postStartHookError, message };
  }

  *#preStop(pod: Pod, instance: ContainerInstance, about: ReturnType<typeof containerReference>): Step {
    const hook = instance.spec.lifecycle?.preStop;
    if (hook === undefined) return;
    const target = { pod, instance, ip: instance.runtime.config.network.ip };
    const message = yield* runHook(this.#deps.hooks, hook, target);
    if (message === undefined) return;
    this.#deps.events.event(about, 'Warning', reasons.failedPreStopHook, 'PreStopHook failed');
  }

  *#exited(instance: ContainerInstance): Step {
    if (instance.state !== 'running') return;
    yield* wait<undefined>((done) => {
      const listeners = this.#waiting.get(instance.id) ?? new Set();
      this.#waiting.set(instance.id, listeners);
      const listener = (): void => done(undefined);
      listeners.add(listener);
      return () => listeners.delete(listener);
    });
  }

  #ended(instance: ContainerInstance, around: PodSurroundings, exit: ContainerExit): void {
    if (instance.state === 'exited') return;
    instance.log.close();
    const reason = exit.oomKilled ? reasons.oomKilled : exit.code === 0 ? reasons.completed : reasons.error;
    const message = terminationMessage(instance, around, exit.code);
    this.#finish(instance, { exitCode: exit.code, reason, ...(message === '' ? {} : { message }) });
  }

  #finish(instance: ContainerInstance, termination: Termination): void {
    instance.state = 'exited';
    instance.finishedAt = this.#deps.simulation.now;
    instance.termination = termination;
    const listeners = this.#waiting.get(instance.id);
    this.#waiting.delete(instance.id);
    for (const listener of listeners ?? []) listener();
    this.#deps.changed();
  }

  #keep(instance: ContainerInstance): void {
    const runs = this.#runs.get(instance.spec.name) ?? [];
    this.#runs.set(instance.spec.name, runs);
    runs.unshift(instance);
    for (const old of runs.splice(KEPT_RUNS)) old.runtime.remove();
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof ConfigError) {
    return { reason: reasons.createContainerConfigError, message: error.message };
  }
  if (error instanceof RuntimeError) return { reason: reasons.createContainerError, message: error.message };
  throw error;
}

const SIGNALS: ReadonlySet<string> = new Set<Signal>([
  'SIGKILL',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
]);

function stopSignal(instance: ContainerInstance): Signal {
  const wanted = instance.spec.lifecycle?.stopSignal;
  return wanted !== undefined && SIGNALS.has(wanted) ? (wanted as Signal) : 'SIGTERM';
}

/** https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
function terminationMessage(
  instance: ContainerInstance,
  { podFiles }: PodSurroundings,
  code: number,
): string {
  const path = terminationLogOf(instance.id);
  const written = podFiles.exists(path) ? podFiles.readText(path).slice(0, MAX_MESSAGE) : '';
  const fromLogs = instance.spec.terminationMessagePolicy === 'FallbackToLogsOnError';
  if (written !== '' || !fromLogs || code === 0) return written;
  return instance.log.tail(MAX_LOG_LINES, MAX_LOG_MESSAGE);
}
