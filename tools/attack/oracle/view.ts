import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/model/objects.ts';
import type { Resource } from '../../../src/model/resources.ts';

/**
 * What an honest operator has: a cluster to ask, what it looked like before, and the ticket's own words. The oracle
 * knows nothing of checks and scenarios; `.dependency-cruiser.cjs` holds that.
 */
export interface OracleView {
  readonly kube: KubeClient;
  /** Waits so many milliseconds of the lab's clock. */
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly healthy: {
    get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): T | undefined;
    list<T extends KubeObject>(resource: Resource<T>, namespace: string): readonly T[];
  };
  /** What the seed drew: the service that the ticket is about, and the like. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Pods of the healthy shop ran these images, by workload: `sha256:…`. */
  readonly healthyDigests: Readonly<Record<string, string>>;
  /** A registry beside the cluster. */
  readonly registry: (host: string) => Promise<RegistryDoor>;
  /** Takes an image from a node's disk, as when a node is new. */
  readonly forget: (node: string, image: string) => Promise<void>;
}

/** What may be asked of a registry, and be pushed to it. */
export interface RegistryDoor {
  digest(repository: string, tag: string): Promise<string>;
  tag(repository: string, from: string, to: string): Promise<void>;
}

/** `undefined`: it is as it should be; otherwise what is wrong. */
export type Complaint = string | undefined;

/** Something that is asked of the lab directly. */
export interface Question {
  readonly about: string;
  readonly ask: (view: OracleView) => Promise<Complaint>;
}

/** Questions of one incident; the first complaint is the answer. */
export interface Oracle {
  /** How long things may need until nothing moves any more, in milliseconds. */
  readonly settle: number;
  /** The same for all sequences of a copy but the first, where that is less. */
  readonly settleAgain?: number;
  readonly questions: readonly Question[];
  /** What is asked when the grader has been: after it things are not what they were. */
  readonly afterwards?: readonly Question[];
}

export const question = (about: string, ask: Question['ask']): Question => ({ about, ask });

/** A value of the draw that is a word. */
export function word(view: OracleView, name: string): string {
  const value = view.values[name];
  if (typeof value !== 'string') throw new Error(`the seed drew no ${name}`);
  return value;
}

/** The Service that the incident is about. */
export const service = (view: OracleView): string => word(view, 'service');

/** Asks one thing after another. @returns what is wrong first */
export async function judge(questions: readonly Question[], view: OracleView): Promise<Complaint> {
  for (const { about, ask } of questions) {
    const wrong = await ask(view);
    if (wrong !== undefined) return `${about}: ${wrong}`;
  }
  return undefined;
}
