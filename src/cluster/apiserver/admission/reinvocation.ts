import type { AnyObject } from '../../../model/objects.ts';

/**
 * Those that change objects are asked a second time where a later one has changed what they saw, if they want it.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#reinvocation-policy
 */
export class Reinvocation {
  /** Whether this is the second time. */
  isSecond = false;
  /** Whether there is to be one. */
  isWanted = false;
  readonly #of = new Map<string, Invoked>();

  /** What one plugin remembers. */
  for(plugin: string): Invoked {
    let invoked = this.#of.get(plugin);
    if (invoked === undefined) {
      invoked = new Invoked(this);
      this.#of.set(plugin, invoked);
    }
    return invoked;
  }
}

/** Whom a plugin has asked already, and who is to be asked again. */
class Invoked {
  readonly #of: Reinvocation;
  readonly #before = new Set<string>();
  readonly #again = new Set<string>();
  #seen = '';

  constructor(of: Reinvocation) {
    this.#of = of;
  }

  /** Before anybody is asked: others may have changed the object since. */
  begin(object: AnyObject | undefined): void {
    if (this.#of.isSecond && JSON.stringify(object) !== this.#seen) this.#askAgain();
  }

  /** Afterwards. */
  end(object: AnyObject | undefined): void {
    this.#seen = JSON.stringify(object);
  }

  isDue(key: string): boolean {
    return !this.#of.isSecond || this.#again.has(key);
  }

  /** @param canBeAskedAgain whether the one who was asked wants to hear of later changes */
  asked(
    key: string,
    { hasChanged, canBeAskedAgain }: { hasChanged: boolean; canBeAskedAgain: boolean },
  ): void {
    if (hasChanged) {
      this.#askAgain();
      this.#of.isWanted = true;
    }
    if (canBeAskedAgain) this.#before.add(key);
  }

  #askAgain(): void {
    for (const key of this.#before) this.#again.add(key);
    this.#before.clear();
  }
}
