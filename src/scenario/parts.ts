import type { Check, LabView } from '../checks/check.ts';
import type { Container, PodSpec } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { Fix, Hack, Hint, Objective, Question, Safeguard } from './types.ts';

/** A check that the repair must reach: `objective('traffic', 40, 'Customers can pay', hold(…))`. */
export function objective(id: string, points: number, title: string, check: Check): Objective {
  return { id, points, title, check };
}

/** A check that the repair must not break; `'veto'`, or the points that breaking it costs. */
export function safeguard(id: string, price: 'veto' | number, title: string, check: Check): Safeguard {
  return { id, price, title, check };
}

/** A hint that costs `price` points if the lab is passed. */
export function hint(price: number, text: Hint['text']): Hint {
  return { price, text };
}

/** The template of a Deployment as it is now. */
export interface LiveTemplate {
  /** The container that has the Deployment's name. */
  readonly container: Container;
  readonly spec: PodSpec;
}

/**
 * A hint that is made of the template of a Deployment as it is now. Where there is none any more, or no container of
 * the Deployment's name in it, the hint is that: bringing it back comes first then.
 */
export function templateHint(
  price: number,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  text: (live: LiveTemplate, lab: LabView) => string | Promise<string>,
): Hint {
  return hint(price, async (lab) => {
    const deployment = await lab.kube.get(resources.deployments, namespace, name);
    if (deployment === undefined)
      return `Right now there is no Deployment ${name} in namespace ${namespace}: it has to come back first.`;
    const { spec } = deployment.spec.template;
    const container = spec.containers.find((one) => one.name === name);
    return container === undefined
      ? `Right now the template of deployment/${name} has no container ${name}: it has to come back first.`
      : text({ container, spec }, lab);
  });
}

/** A right repair: what a learner would type, and the same as a function. */
export function fix(id: string, steps: readonly string[], apply: (lab: LabView) => Promise<void>): Fix {
  return { id, steps, apply };
}

/** A wrong repair that looks right, and the objective or safeguard that catches it. */
export function hack(id: string, caughtBy: string, apply: (lab: LabView) => Promise<void>): Hack {
  return { id, caughtBy, apply };
}

const normal = (text: string): string => text.trim().toLowerCase().replaceAll(/\s+/g, ' ');

/** The questions of a diagnosis: which object, which field, which evidence. */
export const ask = {
  /** Which object is at fault; accepts `deployment/checkout`, `deploy/checkout`, with or without `-n`. */
  object: (points: number, answer: string, aliases: readonly string[] = []): Question => ({
    id: 'object',
    ask: 'Which object is at fault? (kind/name)',
    points,
    answer,
    accepts: (given) => [answer, ...aliases].some((right) => normal(right) === normal(given)),
  }),
  /** Which field of it, as a path; list indexes and the container's name are optional. */
  field: (points: number, answer: string, aliases: readonly string[] = []): Question => ({
    id: 'field',
    ask: 'Which field of it is wrong? (path, e.g. spec.template.spec.nodeName)',
    points,
    answer,
    accepts: (given) => [answer, ...aliases].some((right) => path(right) === path(given)),
  }),
  /** What shows it: one of several observations. */
  evidence: (points: number, answer: string, wrong: readonly string[]): Question => ({
    id: 'evidence',
    ask: 'What proves it?',
    points,
    answer,
    choices: [...wrong, answer].sort(),
    accepts: (given) => normal(given) === normal(answer),
  }),
};

/** `.spec.template.spec.containers[0].readinessProbe` and `…containers.readinessProbe` are one path. */
function path(text: string): string {
  return normal(text)
    .replaceAll(/\[[^\]]*\]/g, '')
    .replace(/^\.+/, '');
}
