import type { Container, ObjectReference, Pod } from '../../model/objects.ts';
import type { EventRecorder } from '../api.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { BackOff } from '../back-off.ts';
import { goDuration } from './duration.ts';
import { reasons } from './reasons.ts';
import { wait } from './task.ts';
import type { Step } from './task.ts';
import type { KubeletDeps, PulledImage, PullFailure, RegistryCredential, StoredImage } from './types.ts';

/** What a container waits for: reason and message of its state. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Whose image it is, for events and back-off. */
interface Request {
  readonly about: ObjectReference;
  readonly pod: Pod;
  readonly container: Container;
  readonly credentials: readonly RegistryCredential[];
}

/**
 * Gets images onto a node: pull policy, one pull at a time, back-off.
 * https://kubernetes.io/docs/concepts/containers/images/
 */
export class ImageManager {
  readonly #deps: Pick<KubeletDeps, 'images' | 'registries' | 'parseReference'>;
  readonly #simulation: Simulation;
  readonly #events: EventRecorder;
  readonly #backOff = new BackOff();
  readonly #lastErrors = new Map<string, Refusal>();
  readonly #queue: (() => void)[] = [];
  /** Images that were pulled, with the logins that have opened them; undefined: it was pulled without any. */
  readonly #openedBy = new Map<string, Set<string | undefined>>();
  #pulling = false;

  constructor(deps: Pick<KubeletDeps, 'images' | 'registries' | 'parseReference' | 'simulation' | 'events'>) {
    this.#deps = deps;
    this.#simulation = deps.simulation;
    this.#events = deps.events;
  }

  /** Makes sure that the image of a container is on the node. */
  *ensure(request: Request): Step<StoredImage | Refusal> {
    const { about, container, pod } = request;
    const name = container.image;
    const parsed = this.#deps.parseReference(name);
    if ('error' in parsed) {
      const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": ${parsed.error}`;
      this.#events.event(about, 'Warning', reasons.inspectFailed, message);
      return { reason: reasons.invalidImageName, message };
    }
    const stored = this.#deps.images.find(name);
    const policy = container.imagePullPolicy;
    if (stored === undefined && policy === 'Never') {
      const message = `Container image "${name}" is not present with pull policy of Never`;
      this.#events.event(about, 'Warning', reasons.errImageNeverPull, message);
      return { reason: reasons.errImageNeverPull, message };
    }
    if (
      stored !== undefined &&
      (policy === 'Never' || (policy === 'IfNotPresent' && this.#mayUse(stored, request)))
    ) {
      const message = `Container image "${name}" already present on machine and can be accessed by the pod`;
      this.#events.event(about, 'Normal', reasons.pulled, message);
      return stored;
    }
    const key = `${pod.metadata.uid}_${name}`;
    if (this.#backOff.waits(key, this.#simulation.now)) {
      const message = `Back-off pulling image "${name}"`;
      this.#events.event(about, 'Normal', reasons.backOff, message);
      const last = this.#lastErrors.get(key);
      const detail = last === undefined ? '' : `: ${last.reason}: ${last.message}`;
      return { reason: reasons.imagePullBackOff, message: message + detail };
    }
    return yield* this.#pull(request, parsed.full, key);
  }

  /** Forgets the back-off of a pod that is gone. */
  forget(uid: string): void {
    this.#backOff.drop(`${uid}_`);
    for (const key of this.#lastErrors.keys()) if (key.startsWith(`${uid}_`)) this.#lastErrors.delete(key);
  }

  *#pull(request: Request, reference: string, key: string): Step<StoredImage | Refusal> {
    const { about, container, credentials } = request;
    const name = container.image;
    const asked = this.#simulation.now;
    this.#lastErrors.delete(key);
    this.#events.event(about, 'Normal', reasons.pulling, `Pulling image "${name}"`);
    yield* this.#turn();
    const started = this.#simulation.now;
    let result: PulledImage | PullFailure;
    try {
      result = yield* wait<PulledImage | PullFailure>((done) =>
        this.#deps.registries.pull(reference, credentials, done),
      );
    } finally {
      this.#pulling = false;
      this.#queue.shift()?.();
    }
    if ('error' in result) {
      this.#events.event(about, 'Warning', reasons.failed, `Failed to pull image "${name}": ${result.error}`);
      this.#backOff.next(key, this.#simulation.now, this.#simulation.now);
      const refusal = { reason: reasons.errImagePull, message: result.error };
      this.#lastErrors.set(key, refusal);
      return refusal;
    }
    const now = this.#simulation.now;
    const message =
      `Successfully pulled image "${name}" in ${milliseconds(now - started)} ` +
      `(${milliseconds(now - asked)} including waiting). Image size: ${result.image.sizeBytes} bytes.`;
    this.#events.event(about, 'Normal', reasons.pulled, message);
    const stored = this.#deps.images.add(reference, result.image);
    this.#remember(stored, result.login);
    return stored;
  }

  /** Waits until no other pull is under way (serializeImagePulls). */
  *#turn(): Step {
    if (this.#pulling) {
      yield* wait<undefined>((done) => {
        const start = (): void => {
          this.#pulling = true;
          done(undefined);
        };
        this.#queue.push(start);
        return () => {
          const index = this.#queue.indexOf(start);
          if (index >= 0) this.#queue.splice(index, 1);
        };
      });
    }
    this.#pulling = true;
  }

  #remember(stored: StoredImage, login: RegistryCredential | undefined): void {
    const logins = this.#openedBy.get(stored.id) ?? new Set();
    logins.add(login && keyOf(login));
    this.#openedBy.set(stored.id, logins);
  }

  /**
   * An image that was pulled with a secret is used by pods that have it; others must pull (and be refused).
   * https://kubernetes.io/docs/concepts/containers/images/#ensureimagepullcredentialverification
   */
  #mayUse(stored: StoredImage, { credentials }: Request): boolean {
    const logins = this.#openedBy.get(stored.id);
    return (
      logins === undefined || logins.has(undefined) || credentials.some((login) => logins.has(keyOf(login)))
    );
  }
}

function keyOf({ registry, username, password }: RegistryCredential): string {
  return JSON.stringify([registry, username, password]);
}

function milliseconds(duration: Micros): string {
  return goDuration(Math.floor(duration / 1000) * 1000);
}
