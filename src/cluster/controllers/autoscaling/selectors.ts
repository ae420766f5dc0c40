import type { HorizontalPodAutoscaler, Pod } from '../../../model/objects.ts';
import { ParseError } from '../../../model/parse-error.ts';
import { resources } from '../../../model/resources.ts';
import { matchesRequirements, parseLabelSelector } from '../../../model/selector.ts';
import type { Requirement } from '../../../model/selector.ts';
import type { Api } from '../../api.ts';
import { keyOf, splitKey } from '../work-queue.ts';
import { ScalingError } from './scaling-error.ts';

/** A selector that cannot be used: what the condition and the event say. */
export class SelectorError extends ScalingError {
  readonly eventReason: string;
  readonly condition: { readonly reason: string; readonly message: string };

  constructor(message: string, eventReason: string, condition: { reason?: string; message?: string } = {}) {
    super(message);
    this.eventReason = eventReason;
    this.condition = { reason: eventReason, message, ...condition };
  }
}

/** What each autoscaler selects, so that two of them do not fight over the same pods. */
export class Selectors {
  readonly #api: Api;
  /** By the autoscaler's key; undefined until it is known. */
  readonly #selectors = new Map<string, readonly Requirement[] | undefined>();

  constructor(api: Api) {
    this.#api = api;
  }

  add(key: string): void {
    if (!this.#selectors.has(key)) this.#selectors.set(key, undefined);
  }

  remove(key: string): void {
    this.#selectors.delete(key);
  }

  /**
   * The pods that an autoscaler's target selects.
   * @throws SelectorError where the selector is none, or not this autoscaler's alone
   */
  podsOf(autoscaler: HorizontalPodAutoscaler, selector: string): readonly Pod[] {
    if (selector === '') {
      throw new SelectorError('selector is required', 'SelectorRequired', {
        reason: 'InvalidSelector',
        message: "the HPA target's scale is missing a selector",
      });
    }
    const requirements = parsed(selector);
    this.#selectors.set(keyOf(autoscaler), requirements);
    const { namespace = '' } = autoscaler.metadata;
    const pods = this.#api
      .list(resources.pods, { namespace })
      .filter(({ metadata }) => matchesRequirements(requirements, metadata.labels));
    const owners = this.#autoscalersOf(namespace, pods);
    if (owners.length > 1) {
      const all = `[${owners.join(' ')}]`;
      const message = `pods by selector ${selector} are controlled by multiple HPAs: ${all}`;
      throw new SelectorError(message, 'AmbiguousSelector');
    }
    return pods;
  }

  #autoscalersOf(namespace: string, pods: readonly Pod[]): string[] {
    return [...this.#selectors].flatMap(([key, requirements]) => {
      if (requirements === undefined || splitKey(key).namespace !== namespace) return [];
      return pods.some(({ metadata }) => matchesRequirements(requirements, metadata.labels)) ? [key] : [];
    });
  }
}

function parsed(selector: string): readonly Requirement[] {
  try {
    return parseLabelSelector(selector);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const message = `couldn't convert selector into a corresponding internal selector object: ${error.message}`;
    throw new SelectorError(message, 'InvalidSelector');
  }
}
