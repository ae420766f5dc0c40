import type { KubeObject } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import { matchesRule, matchesSelectors } from '../admission/match-resources.ts';
import type { AdmissionAttributes } from '../pipeline.ts';
import { type MatchResources, type PolicyBinding, UNTOUCHABLE } from './objects.ts';

/** A policy with the bindings that put it to work for a request. */
export interface Selected<T> {
  readonly policy: T;
  readonly bindings: readonly PolicyBinding[];
}

/** The policies that a request concerns, in the order of their names. */
export function policiesFor<
  T extends KubeObject & { readonly spec: { readonly matchConstraints?: MatchResources } },
>(
  attributes: AdmissionAttributes,
  resources: { readonly policies: Resource<T>; readonly bindings: Resource<PolicyBinding> },
): readonly Selected<T>[] {
  const { api, resource: of } = attributes;
  const all = api.list(resources.policies);
  if (all.length === 0 || UNTOUCHABLE.has(of.id)) return [];
  const bindings = byName(api.list(resources.bindings));
  return byName(all)
    .filter(({ spec }) => matches(spec.matchConstraints, attributes))
    .map((policy) => ({
      policy,
      bindings: bindings.filter(
        ({ spec }) =>
          spec.policyName === policy.metadata.name &&
          (spec.matchResources === undefined || matches(spec.matchResources, attributes)),
      ),
    }));
}

function byName<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function matches(constraints: MatchResources | undefined, attributes: AdmissionAttributes): boolean {
  if (constraints === undefined) return false;
  const { resourceRules = [], excludeResourceRules = [] } = constraints;
  if (excludeResourceRules.some((rule) => matchesRule(rule, attributes))) return false;
  // A binding without rules takes those of its policy.
  const isWanted = resourceRules.length === 0 || resourceRules.some((rule) => matchesRule(rule, attributes));
  return isWanted && matchesSelectors(constraints, attributes);
}
