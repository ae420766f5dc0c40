import { messageOf } from '../../../core/errors.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { admissionRequest } from '../admission/admission-request.ts';
import { AuthorizerValue, ResourceCheck } from '../expressions/functions/authorizer.ts';
import type { Budget } from '../expressions/interpreter.ts';
import { ExpressionError, fromJson, type Value } from '../expressions/values.ts';
import type { AdmissionAttributes, Authorizer } from '../pipeline.ts';
import type { Compiled, CompiledVariable } from './programs.ts';

/** What the expressions of one policy may cost together for one request, and its conditions. */
export const POLICY_BUDGET = 10_000_000;
export const CONDITIONS_BUDGET = 2_500_000;

const OUT_OF_BUDGET =
  'validation failed due to running out of cost budget, no further validation rules will be run';

/** What an expression gave, or why it gave nothing. */
export type Outcome = { readonly value: Value } | { readonly error: string };

/** Nothing more is run: the expressions of the policy have cost too much together. */
export class BudgetSpent extends Error {
  constructor() {
    super(OUT_OF_BUDGET);
    this.name = 'BudgetSpent';
  }
}

/** Runs the expressions of a policy for one request. */
export class Evaluation {
  readonly #attributes: AdmissionAttributes;
  readonly #authorizer: Authorizer;
  readonly #params: AnyObject | undefined;
  readonly #budget: Budget;
  readonly #variables: ReadonlyMap<string, CompiledVariable>;
  readonly #known = new Map<string, Value>();

  constructor(about: {
    readonly attributes: AdmissionAttributes;
    readonly authorizer: Authorizer;
    readonly params?: AnyObject | undefined;
    readonly variables?: readonly CompiledVariable[];
    readonly limit: number;
  }) {
    this.#attributes = about.attributes;
    this.#authorizer = about.authorizer;
    this.#params = about.params;
    this.#budget = { spent: 0, limit: about.limit };
    this.#variables = new Map((about.variables ?? []).map((variable) => [variable.name, variable]));
  }

  /** @throws BudgetSpent */
  run({ source, program, problem }: Compiled): Outcome {
    if (program === undefined) return { error: `compilation error: ${problem ?? ''}` };
    let outcome: Outcome;
    try {
      outcome = { value: program.run((name) => this.#variable(name), this.#budget) };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      outcome = { error: `expression '${source}' resulted in error: ${error.message}` };
    }
    if (this.#budget.spent > this.#budget.limit) throw new BudgetSpent();
    return outcome;
  }

  #variable(name: string): Value | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const value = this.#look(name);
    if (value !== undefined) this.#known.set(name, value);
    return value;
  }

  #look(name: string): Value | undefined {
    const { object, old } = this.#attributes;
    switch (name) {
      case 'object':
        return fromJson(object);
      case 'oldObject':
        return fromJson(old);
      case 'params':
        return fromJson(this.#params);
      case 'request':
        return fromJson(admissionRequest(this.#attributes));
      case 'namespaceObject':
        return fromJson(this.#namespace());
      case 'authorizer':
        return new AuthorizerValue((attributes, account) => this.#authorize(attributes, account));
      case 'authorizer.requestResource':
        return this.#requestResource();
      case 'variables':
        return new Map([...this.#variables.keys()].map((each) => [each, true]));
      default:
        return name.startsWith('variables.') ? this.#composed(name.slice('variables.'.length)) : undefined;
    }
  }

  /** A variable of the policy, which is run when it is first looked at. */
  #composed(name: string): Value | undefined {
    const variable = this.#variables.get(name);
    if (variable === undefined) return undefined;
    const { program, problem } = variable;
    if (program === undefined) {
      throw new ExpressionError(
        `composited variable ${JSON.stringify(name)} fails to compile: ${problem ?? ''}`,
      );
    }
    try {
      return program.run((each) => this.#variable(each), this.#budget);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new ExpressionError(
        `composited variable ${JSON.stringify(name)} fails to evaluate: ${messageOf(error)}`,
      );
    }
  }

  #namespace(): object | undefined {
    const { api, namespace, resource } = this.#attributes;
    if (namespace === undefined || resource.id === 'namespaces') return undefined;
    const found = api.get(resources.namespaces, undefined, namespace);
    if (found === undefined) return undefined;
    const { managedFields: _managedFields, ownerReferences: _owners, ...metadata } = found.metadata;
    return { metadata, spec: found.spec, status: found.status };
  }

  #requestResource(): ResourceCheck {
    const { resource: of, subresource, namespace, name } = this.#attributes;
    return new ResourceCheck((attributes, account) => this.#authorize(attributes, account), {
      group: of.group,
      version: of.version,
      resource: of.plural,
      ...(subresource !== undefined && { subresource }),
      ...(namespace !== undefined && { namespace }),
      ...(name !== '' && { name }),
    });
  }

  #authorize(
    ...[attributes, account]: Parameters<AuthorizerValue['ask']>
  ): ReturnType<AuthorizerValue['ask']> {
    const user =
      account === undefined
        ? this.#attributes.user
        : {
            name: `system:serviceaccount:${account.namespace}:${account.name}`,
            groups: [
              'system:serviceaccounts',
              `system:serviceaccounts:${account.namespace}`,
              'system:authenticated',
            ],
          };
    return this.#authorizer.authorize(user, attributes);
  }
}
