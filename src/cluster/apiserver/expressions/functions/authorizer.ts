import { method, type Overload } from '../library.ts';
import { Opaque } from '../values.ts';
import type { AuthorizationAttributes, Decision } from '../../pipeline.ts';

const SPACE = 'kubernetes.authorization';
export const AUTHORIZER = `${SPACE}.Authorizer`;
export const RESOURCE_CHECK = `${SPACE}.ResourceCheck`;
const PATH_CHECK = `${SPACE}.PathCheck`;
const GROUP_CHECK = `${SPACE}.GroupCheck`;
const DECISION = `${SPACE}.Decision`;

/** Costs as much as this many calls, like a look at many rules. */
const CHECK_COST = 350_000;

/** Decides what a user may do; `serviceAccount` is somebody else than who makes the request. */
export type Ask = (
  attributes: AuthorizationAttributes,
  serviceAccount?: { readonly namespace: string; readonly name: string },
) => Decision;

abstract class Handle extends Opaque {
  override equals(other: Opaque): boolean {
    return other === this;
  }
}

/** The variable `authorizer`. */
export class AuthorizerValue extends Handle {
  readonly type = AUTHORIZER;
  readonly ask: Ask;

  constructor(ask: Ask) {
    super();
    this.ask = ask;
  }
}

class PathCheck extends Handle {
  readonly type = PATH_CHECK;
  readonly ask: Ask;
  readonly path: string;

  constructor(ask: Ask, path: string) {
    super();
    this.ask = ask;
    this.path = path;
  }
}

class GroupCheck extends Handle {
  readonly type = GROUP_CHECK;
  readonly ask: Ask;
  readonly group: string;

  constructor(ask: Ask, group: string) {
    super();
    this.ask = ask;
    this.group = group;
  }
}

/** Also the variable `authorizer.requestResource`. */
export class ResourceCheck extends Handle {
  readonly type = RESOURCE_CHECK;
  readonly ask: Ask;
  readonly attributes: Omit<AuthorizationAttributes, 'verb'>;

  constructor(ask: Ask, attributes: Omit<AuthorizationAttributes, 'verb'>) {
    super();
    this.ask = ask;
    this.attributes = attributes;
  }

  with(more: Omit<AuthorizationAttributes, 'verb'>): ResourceCheck {
    return new ResourceCheck(this.ask, { ...this.attributes, ...more });
  }
}

class DecisionValue extends Handle {
  readonly type = DECISION;
  readonly decision: Decision;

  constructor(decision: Decision) {
    super();
    this.decision = decision;
  }
}

const narrowed = (name: string, field: 'subresource' | 'namespace' | 'name'): Overload =>
  method<[ResourceCheck, string]>(RESOURCE_CHECK, name, ['string'], RESOURCE_CHECK, (check, value) =>
    check.with({ [field]: value }),
  );

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-authorizer-library */
export const authorizer: readonly Overload[] = [
  method<[AuthorizerValue, string]>(
    AUTHORIZER,
    'path',
    ['string'],
    PATH_CHECK,
    ({ ask }, path) => new PathCheck(ask, path),
  ),
  method<[AuthorizerValue, string]>(
    AUTHORIZER,
    'group',
    ['string'],
    GROUP_CHECK,
    ({ ask }, group) => new GroupCheck(ask, group),
  ),
  method<[AuthorizerValue, string, string]>(
    AUTHORIZER,
    'serviceAccount',
    ['string', 'string'],
    AUTHORIZER,
    ({ ask }, namespace, name) => new AuthorizerValue((attributes) => ask(attributes, { namespace, name })),
  ),
  method<[GroupCheck, string]>(
    GROUP_CHECK,
    'resource',
    ['string'],
    RESOURCE_CHECK,
    ({ ask, group }, resource) => new ResourceCheck(ask, { group, version: '*', resource }),
  ),
  narrowed('subresource', 'subresource'),
  narrowed('namespace', 'namespace'),
  narrowed('name', 'name'),
  // Rules know no selectors: a check with one is a check without it.
  method<[ResourceCheck, string]>(
    RESOURCE_CHECK,
    'fieldSelector',
    ['string'],
    RESOURCE_CHECK,
    (check) => check,
  ),
  method<[ResourceCheck, string]>(
    RESOURCE_CHECK,
    'labelSelector',
    ['string'],
    RESOURCE_CHECK,
    (check) => check,
  ),
  method<[ResourceCheck, string]>(
    RESOURCE_CHECK,
    'check',
    ['string'],
    DECISION,
    ({ ask, attributes }, verb, running) => {
      running.spend(CHECK_COST);
      return new DecisionValue(ask({ ...attributes, verb }));
    },
  ),
  method<[PathCheck, string]>(PATH_CHECK, 'check', ['string'], DECISION, ({ ask, path }, verb, running) => {
    running.spend(CHECK_COST);
    return new DecisionValue(ask({ path, verb }));
  }),
  method<[DecisionValue]>(DECISION, 'allowed', [], 'bool', ({ decision }) => decision.allowed),
  method<[DecisionValue]>(DECISION, 'reason', [], 'string', ({ decision }) => decision.reason),
  method<[DecisionValue]>(DECISION, 'errored', [], 'bool', () => false),
  method<[DecisionValue]>(DECISION, 'error', [], 'string', () => ''),
];
