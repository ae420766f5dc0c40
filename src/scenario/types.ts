import type { Check, LabView } from '../checks/check.ts';
import type { Fault } from '../faults/fault.ts';
import type { Manifest } from '../kube/client.ts';
import type { Fact, RegistryPlan } from '../providers/provider.ts';
import type { Values, Variants } from './variants.ts';

/** What kind of part is broken: `list --area`. */
export type Area = 'probes' | 'dns' | 'images' | 'memory';
/** How much of Kubernetes a learner needs to know: `list --difficulty`. */
export type Difficulty = 'beginner' | 'intermediate' | 'advanced';

/** Where a failure is documented: a passage of the seed documents, or a page. */
export type DocumentLink = { readonly seed: string; readonly question: string } | { readonly url: string };

/** What the cluster is before anything breaks. */
export interface BaselinePlan {
  /** The namespace that the learner works in. */
  readonly namespace: string;
  /** Applied in order; `shop()` makes them out of manifests/shop. */
  readonly manifests: readonly Manifest[];
  /** Workloads that must be whole before the fault, as `deployment/checkout`. */
  readonly workloads: readonly string[];
  /** Releases that the nodes have from the start. */
  readonly images: readonly string[];
  readonly registries?: readonly RegistryPlan[];
  /** Nodes beside the control plane; 1 where not said. */
  readonly workers?: number;
}

/**
 * Part of the repair that a learner must reach. Points count only for what was false at hand-over.
 */
export interface Objective {
  readonly id: string;
  readonly title: string;
  readonly points: number;
  readonly check: Check;
}

/** What a repair must not break. A veto ends in fail whatever else holds; a number is deducted. */
export interface Safeguard {
  readonly id: string;
  readonly title: string;
  readonly price: 'veto' | number;
  readonly check: Check;
}

/** A hint costs `price` points, charged only when the lab is passed. */
export interface Hint {
  readonly price: number;
  /** Fixed words, or words computed from the live state. */
  readonly text: string | ((lab: LabView) => Promise<string>);
}

/** One question of the diagnosis; graded by rules. */
export interface Question {
  readonly id: string;
  readonly ask: string;
  readonly points: number;
  /** Choices that are offered; without them the answer is free text. */
  readonly choices?: readonly string[];
  /** Whether an answer is right; the texts are compared without case and outer spaces. */
  readonly accepts: (answer: string) => boolean;
  /** An answer that is right, for `verify` and the debrief. */
  readonly answer: string;
}

/** A repair that is known to be right. */
export interface Fix {
  readonly id: string;
  /** As commands or edits, for the debrief and `giveup`. */
  readonly steps: readonly string[];
  readonly apply: (lab: LabView) => Promise<void>;
}

/** A repair that looks right and is wrong; `caughtBy` is the objective or safeguard that must say so. */
export interface Hack {
  readonly id: string;
  readonly caughtBy: string;
  readonly apply: (lab: LabView) => Promise<void>;
}

/** One documented failure. Every function gets the values that the seed drew. */
export interface Scenario<V extends Variants = Variants> {
  readonly id: string;
  readonly incident: string;
  /** A symptom; never the cause. */
  readonly title: string;
  readonly area: Area;
  readonly difficulty: Difficulty;
  /** How long a learner is expected to need. */
  readonly minutes: number;
  readonly documents: readonly DocumentLink[];
  readonly needs: readonly Fact[];
  readonly variants: V;
  readonly ticket: (values: Values<V>) => string;
  /** Whatever a safeguard demands beyond common sense; printed with the ticket. */
  readonly rules: (values: Values<V>) => readonly string[];
  /** The same in many scenarios (`lastingRules`, `shopRules`); printed after the rules, under a heading of their own. */
  readonly houseRules?: (values: Values<V>) => readonly string[];
  readonly baseline: (values: Values<V>) => BaselinePlan;
  readonly inject: (values: Values<V>) => readonly Fault[];
  /** How long it has been broken at hand-over, in milliseconds. */
  readonly since: number;
  /** Must be seen before hand-over. */
  readonly symptoms: (values: Values<V>) => readonly Check[];
  readonly objectives: (values: Values<V>) => readonly Objective[];
  readonly safeguards: (values: Values<V>) => readonly Safeguard[];
  readonly diagnosis: (values: Values<V>) => readonly Question[];
  readonly hints: (values: Values<V>) => readonly Hint[];
  readonly fixes: (values: Values<V>) => readonly Fix[];
  readonly hacks: (values: Values<V>) => readonly Hack[];
  readonly debrief: (values: Values<V>) => string;
}
