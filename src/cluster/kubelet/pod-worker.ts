import { equal } from '../../core/json.ts';
import type { ContainerStateWaiting, Pod, PodStatus } from '../../model/objects.ts';
import { isOver } from '../../model/pod-phase.ts';
import type { FileTree } from '../runtime/container-types.ts';
import { MILLISECOND, SECOND } from '../simulation/simulation.ts';
import type { Micros, Timer } from '../simulation/simulation.ts';
import { shortage } from './admission.ts';
import type { PodSurroundings } from './container-config.ts';
import { PodContainers } from './container-manager.ts';
import type { PodFacts } from './field-ref.ts';
import type { NodeContext } from './node-context.ts';
import { podActions } from './pod-actions.ts';
import { PodProbes } from './probes/probe-manager.ts';
import { pullCredentials } from './pull-secrets.ts';
import { reasons } from './reasons.ts';
import { PodResize } from './resize.ts';
import type { Shortage } from './resize.ts';
import { createSandbox, podHostName, writePodFiles } from './sandbox.ts';
import { startContainer } from './start-container.ts';
import type { SyncOutcome } from './start-container.ts';
import { StatusWriter } from './status-writer.ts';
import type { Verdict } from './status.ts';
import { sleep, Task, wait, within } from './task.ts';
import type { Step } from './task.ts';
import { stopContainers } from './termination.ts';
import type { RegistryCredential, Sandbox } from './types.ts';
import { PodVolumes } from './volumes/volume-manager.ts';

const RESYNC: Micros = 60 * SECOND;
const RETRY: Micros = 10 * SECOND;
const MOUNT_LIMIT: Micros = 123 * SECOND;
const CLEAN_UP: readonly [Micros, Micros] = [200 * MILLISECOND, 900 * MILLISECOND];

/**
 * Brings one pod to what its spec says, from the first look to the last: syncs one after the other, then
 * termination. The counterpart of the kubelet's pod worker and of its syncPod.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 */
export class PodWorker {
  readonly containers: PodContainers;
  readonly #context: NodeContext;
  readonly probes: PodProbes;
  readonly #volumes: PodVolumes;
  readonly #resize: PodResize;
  readonly #podFiles: FileTree;
  readonly #status: StatusWriter;
  readonly #waiting = new Map<string, ContainerStateWaiting>();
  readonly #owner: string;
  readonly #seenAt: string;
  #pod: Pod;
  #sandbox: Sandbox | undefined;
  #sandboxes = 0;
  #task: Task | undefined;
  /** Something happened while a sync was under way. */
  #again = false;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #stage: 'running' | 'terminating' | 'terminated' = 'running';
  #killAt: Micros | undefined;
  #verdict: Verdict | undefined;
  /** The pod's object is gone from the API. */
  #deleted = false;
  /** It is a static pod whose manifest is gone: its mirror goes when it has ended. */
  #retired = false;
  /** Nothing of the pod is left on the node but its logs. */
  #cleaned = false;
  /** Files of a volume may have to change. */
  #configChanged = true;
  /** The last sync found nothing to do for a pod that is ready. */
  #quiet = false;

  constructor(context: NodeContext, pod: Pod) {
    const { deps, random } = context;
    const { simulation, events, runtime, api, tokens } = deps;
    this.#context = context;
    this.#pod = pod;
    this.#seenAt = simulation.microTimestamp();
    this.#owner = `${context.owner}/${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
    const owner = this.#owner;
    const nodeFiles = context.nodeFiles;
    this.#podFiles = runtime.createTree();
    this.#volumes = new PodVolumes({ simulation, api, events, runtime, tokens, nodeFiles, owner }, pod, () =>
      this.#facts(),
    );
    this.containers = new PodContainers({
      simulation,
      events,
      runtime,
      hooks: { simulation, from: deps.network.node(deps.node.name), owner },
      owner,
      random,
      changed: () => context.relist(pod.metadata.uid),
    });
    const { containers } = this;
    this.#resize = new PodResize({ simulation, events, containers, fits: (asked) => this.#fits(asked) }, pod);
    this.probes = new PodProbes({
      simulation,
      events,
      prober: context.prober,
      owner,
      containers,
      current: () => ({ pod: this.#pod, status: this.#status.last }),
      changed: (kind, container, result) => {
        if (kind === 'Readiness') this.#status.setReady(this.#pod, container, result === 'success');
        this.trigger();
      },
    });
    this.#status = new StatusWriter({
      simulation,
      owner: this.#owner,
      api,
      nodeIp: deps.node.ip,
      containers,
      probes: this.probes,
      resize: this.#resize,
      waiting: this.#waiting,
    });
  }

  get pod(): Pod {
    return this.#pod;
  }

  get sandbox(): Sandbox | undefined {
    return this.#sandbox;
  }

  /** As last written to the API. */
  get status(): PodStatus {
    return this.#status.last;
  }

  /** Bytes in each volume that is the pod's own. */
  volumeUse(): ReturnType<PodVolumes['use']> {
    return this.#volumes.use();
  }

  /** Whether the pod still holds resources of the node. */
  get active(): boolean {
    return this.#stage !== 'terminated';
  }

  /** The first look at the pod. @param rejection why the node does not take it */
  begin(rejection: Shortage | undefined): void {
    if (rejection !== undefined) {
      this.#context.deps.events.event(this.#pod, 'Warning', rejection.reason, rejection.message);
      this.#status.reject(this.#pod, rejection);
      this.#stage = 'terminated';
      this.#cleaned = true;
      return;
    }
    if (this.#pod.metadata.deletionTimestamp !== undefined) this.#terminate();
    else this.trigger();
  }

  /** The object has changed. */
  update(pod: Pod): void {
    const before = this.#pod;
    const same =
      equal(before.spec, pod.spec) &&
      equal(before.metadata.labels, pod.metadata.labels) &&
      equal(before.metadata.annotations, pod.metadata.annotations);
    this.#pod = same ? withRevisionOf(before, pod) : pod;
    if (this.#stage === 'terminated') {
      if (this.#cleaned && pod.metadata.deletionTimestamp !== undefined) this.#status.remove(pod);
      return;
    }
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      const shorter = deletionGracePeriodSeconds !== before.metadata.deletionGracePeriodSeconds;
      if (this.#stage === 'running' || shorter) this.#terminate();
      return;
    }
    if (this.#stage !== 'running') return;
    if (isOver(pod.status)) {
      // Somebody else has said so: until its containers are gone, this kubelet does not.
      const { phase, reason, message } = pod.status;
      this.#verdict = { phase, ...(reason && { reason }), ...(message && { message }), isKnown: true };
      this.#terminate();
      return;
    }
    if (!same) this.#configChanged = true;
    if (!same || this.#status.disputed(pod)) this.trigger();
  }

  /** The object is gone: whatever still runs is stopped, and everything released. */
  gone(): void {
    this.#deleted = true;
    if (this.#cleaned) this.#release();
    else if (this.#stage === 'running' || this.#killAt === undefined) this.#terminate(0);
  }

  /** A ConfigMap or Secret of the pod has changed: it is read at the next regular sync. */
  configChanged(): void {
    this.#configChanged = true;
  }

  /** There may be room now for a resize that waits. */
  retryResize(): void {
    if (this.#resize.pending) this.trigger();
  }

  /** Has the pod synced now, or as soon as the sync under way is over. */
  trigger(): void {
    if (this.#stage !== 'running') return;
    this.#quiet = false;
    if (this.#task !== undefined) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    this.#again = false;
    const outcome: SyncOutcome = { failed: false, retryAt: undefined };
    const task = new Task(this.#sync(outcome), () => {
      this.#task = undefined;
      if (this.#stage === 'running') this.#requeue(outcome);
    });
    if (!task.finished) this.#task = task;
  }

  /** Stops a pod for a reason of the node's own; it stays in the API as Failed. */
  evict(reason: string, message: string): void {
    if (this.#stage !== 'running') return;
    this.#context.deps.events.event(this.#pod, 'Warning', reason, message);
    this.#verdict = { phase: 'Failed', reason, message };
    this.#terminate(0);
  }

  /** Ends the pod with the time that it has for that; its object goes afterwards. */
  retire(): void {
    this.#retired = true;
    if (this.#cleaned) this.#status.remove(this.#pod);
    else if (this.#stage === 'running') this.#terminate();
  }

  /** The kubelet stops: containers go on without it. */
  suspend(): void {
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#task?.cancel();
    this.#task = undefined;
    this.probes.pause();
    this.#volumes.pause();
  }

  /** The kubelet is back. @param pod the object as it is now, or undefined where it is gone */
  resume(pod: Pod | undefined): void {
    this.probes.resume();
    const isUnfinished = this.#stage !== 'running' && !this.#cleaned;
    if (isUnfinished) this.#stage = 'running';
    if (pod === undefined) this.gone();
    else if (isUnfinished) {
      // It may have been deleted meanwhile.
      this.#pod = pod;
      this.#terminate();
    } else {
      this.update(pod);
      this.trigger();
    }
  }

  #requeue(outcome: SyncOutcome): void {
    if (this.#again) {
      this.trigger();
      return;
    }
    const { simulation } = this.#context.deps;
    const now = simulation.now;
    const wanted = !outcome.failed
      ? RESYNC
      : outcome.retryAt === undefined
        ? RETRY
        : Math.min(Math.max(outcome.retryAt - now, 0), RESYNC);
    const jitter = Math.floor((wanted * this.#context.random.between(0, 500)) / 1000);
    this.#schedule(wanted + jitter);
  }

  #schedule(delay: Micros): void {
    const { simulation } = this.#context.deps;
    // The queue of pods to look at is read once a second.
    const at = Math.ceil((simulation.now + delay) / SECOND) * SECOND;
    this.#timer = simulation.at(at, this.#owner, () => {
      if (this.#quiet && !this.#configChanged && !this.#volumes.renewalDue()) {
        this.#schedule(RESYNC + Math.floor((RESYNC * this.#context.random.between(0, 500)) / 1000));
      } else this.trigger();
    });
  }

  *#sync(outcome: SyncOutcome): Step {
    this.#checkDeadline();
    this.#resize.settle(this.#pod);
    this.#resize.allocate(this.#pod);
    const wanted = this.#write();
    if (isOver(wanted)) {
      // In an event of its own: this sync has to be over first.
      this.#context.deps.simulation.after(0, this.#owner, () => {
        if (this.#stage === 'running') this.#terminate();
      });
      return;
    }
    this.probes.start(this.#pod);
    if (!(yield* this.#mount())) {
      outcome.failed = true;
      return;
    }
    if (this.#configChanged || this.#volumes.renewalDue()) {
      this.#configChanged = false;
      this.#volumes.refresh(this.#pod);
    }
    const credentials = this.#credentials();
    yield* this.#syncContainers(credentials, outcome);
    this.#quiet = !outcome.failed && this.#status.ready && !this.#resize.pending;
  }

  *#mount(): Step<boolean> {
    const { simulation } = this.#context.deps;
    const volumes = this.#volumes;
    const pod = this.#pod;
    function* mounted(): Step {
      yield* wait<undefined>((done) => volumes.whenMounted(pod, () => done(undefined)));
    }
    return yield* within(simulation, MOUNT_LIMIT, this.#owner, mounted());
  }

  #credentials(): readonly RegistryCredential[] {
    const { credentials, missing } = pullCredentials(this.#context.deps.api, this.#pod);
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      const reason = reasons.failedToRetrieveImagePullSecret;
      this.#context.deps.events.event(this.#pod, 'Warning', reason, message);
    }
    return credentials;
  }

  *#syncContainers(credentials: readonly RegistryCredential[], outcome: SyncOutcome): Step {
    const pod = this.#pod;
    const { containers } = this;
    const resizeRestarts = this.#resize.restarts(pod);
    const situation = { pod, containers, probes: this.probes, resizeRestarts };
    const actions = podActions(situation);
    // Back-off looks at runs that had ended when the sync began, not at those that it ends itself.
    const ended = new Map(
      actions.start.map(({ container }) => [
        container.name,
        containers.lastExited(container.name)?.finishedAt,
      ]),
    );
    if (this.#resize.actuate(pod)) this.#context.relist(pod.metadata.uid);
    for (const { instance, message, graceSeconds } of actions.kill) {
      yield* containers.kill(pod, instance, {
        ...(message !== undefined && { message }),
        grace: graceSeconds * SECOND,
      });
    }
    const sandbox = this.#sandbox ?? (yield* this.#makeSandbox());
    if (sandbox === undefined) {
      outcome.failed = true;
      return;
    }
    for (const entry of actions.start) {
      const finished = ended.get(entry.container.name);
      const started = yield* startContainer(
        { context: this.#context, containers, waiting: this.#waiting, outcome },
        { ...entry, pod, credentials, finished, around: this.#around(sandbox) },
      );
      if (!started && entry.kind === 'init') return;
    }
  }

  *#makeSandbox(): Step<Sandbox | undefined> {
    const sandbox = yield* createSandbox(this.#context, this.#pod, this.#sandboxes++);
    if (sandbox === undefined) return undefined;
    this.#sandbox = sandbox;
    writePodFiles(this.#context, this.#pod, sandbox, this.#podFiles);
    this.#status.setReadyToStart(this.#pod);
    this.#context.relist(this.#pod.metadata.uid);
    return sandbox;
  }

  /** activeDeadlineSeconds. https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup */
  #checkDeadline(): void {
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined || this.#verdict !== undefined) return;
    const { simulation, events } = this.#context.deps;
    const at = Date.parse(this.#status.startTime(this.#pod)) * 1000 + activeDeadlineSeconds * SECOND;
    if (simulation.now < at) {
      this.#deadline ??= simulation.at(at, this.#owner, () => this.trigger());
      return;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    events.event(this.#pod, 'Normal', reasons.deadlineExceeded, message);
    this.#verdict = { phase: 'Failed', reason: reasons.deadlineExceeded, message };
  }

  /** Generates the status and writes it if it is news. @returns what it would be, terminal phases included */
  #write(): PodStatus {
    return this.#status.write({
      pod: this.#pod,
      sandbox: this.#sandbox,
      ended: this.#stage !== 'running',
      mayRun: this.#stage !== 'terminated' && this.#verdict?.isKnown !== true,
      verdict: this.#verdict,
    });
  }

  #terminate(graceSeconds?: number): void {
    const { simulation } = this.#context.deps;
    const { metadata, spec } = this.#pod;
    const seconds = graceSeconds ?? metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds;
    const killAt = simulation.now + Math.max(seconds, 1) * SECOND;
    if (this.#stage === 'terminating' && (this.#killAt ?? 0) <= killAt) return;
    this.#stage = 'terminating';
    this.#killAt = killAt;
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#task?.cancel();
    const task = new Task(this.#terminating(killAt - simulation.now), () => (this.#task = undefined));
    this.#task = task.finished ? undefined : task;
  }

  *#terminating(grace: Micros): Step {
    const { deps, random } = this.#context;
    this.#write();
    this.probes.stopLivenessAndStartup();
    yield* stopContainers(deps.simulation, this.#pod, this.containers, grace);
    this.probes.stop();
    if (this.#sandbox !== undefined && this.#pod.spec.hostNetwork !== true) {
      deps.network.detachPod(this.#pod.metadata.uid);
    }
    this.#sandbox = undefined;
    this.#stage = 'terminated';
    this.#write();
    this.#context.freed();
    yield* sleep(deps.simulation, random.between(...CLEAN_UP), this.#owner);
    this.#volumes.tearDown();
    this.#podFiles.discard();
    this.#context.images.forget(this.#pod.metadata.uid);
    this.#context.restarts.drop(`${this.#pod.metadata.uid}_`);
    this.#cleaned = true;
    if (this.#deleted) this.#release();
    else if (this.#retired || this.#pod.metadata.deletionTimestamp !== undefined)
      this.#status.remove(this.#pod);
  }

  #release(): void {
    this.containers.remove();
    this.#context.finished(this.#pod.metadata.uid);
  }

  #fits(pod: Pod): { shortage: Shortage; impossible: boolean } | undefined {
    const node = this.#context.node();
    const lack = shortage(pod, node, this.#context.otherPods(pod.metadata.uid));
    return lack && { shortage: lack, impossible: shortage(pod, node, []) !== undefined };
  }

  #around(sandbox: Sandbox): PodSurroundings {
    return {
      api: this.#context.deps.api,
      volumes: this.#volumes,
      sandbox,
      facts: this.#facts(),
      hostname: podHostName(this.#context, this.#pod).hostname,
      podFiles: this.#podFiles,
    };
  }

  #facts(): PodFacts {
    const podIp = this.#sandbox?.stack.ip ?? '';
    return {
      hostIp: this.#context.deps.node.ip,
      podIp,
      allocatable: this.#context.node().status.allocatable,
      seenAt: this.#seenAt,
    };
  }
}

/** Events name the revision that the worker was told of last, not those that only its own status made. */
function withRevisionOf(before: Pod, pod: Pod): Pod {
  return { ...pod, metadata: { ...pod.metadata, resourceVersion: before.metadata.resourceVersion } };
}
