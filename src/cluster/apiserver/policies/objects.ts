import type { KubeObject, LabelSelector } from '../../../model/objects.ts';
import { resource } from '../../../model/resources.ts';
import type { Rule, Selectors } from '../admission/match-resources.ts';

/** https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ */
export interface ValidatingAdmissionPolicy extends KubeObject {
  readonly spec: PolicySpec & {
    readonly validations?: readonly Validation[];
    readonly auditAnnotations?: readonly AuditAnnotation[];
  };
  status?: {
    readonly observedGeneration?: number;
    readonly typeChecking?: { readonly expressionWarnings?: readonly ExpressionWarning[] };
  };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/ */
export interface MutatingAdmissionPolicy extends KubeObject {
  readonly spec: PolicySpec & {
    readonly mutations?: readonly Mutation[];
    readonly reinvocationPolicy?: string;
  };
}

export interface PolicySpec {
  readonly paramKind?: ParamKind;
  readonly matchConstraints?: MatchResources;
  readonly matchConditions?: readonly MatchCondition[];
  readonly variables?: readonly Variable[];
  readonly failurePolicy?: string;
}

export interface ParamKind {
  readonly apiVersion?: string;
  readonly kind?: string;
}

export interface MatchResources extends Selectors {
  readonly resourceRules?: readonly Rule[];
  readonly excludeResourceRules?: readonly Rule[];
  readonly matchPolicy?: string;
}

export interface MatchCondition {
  readonly name?: string;
  readonly expression?: string;
}

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

export interface Validation {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
}

export interface AuditAnnotation {
  readonly key: string;
  readonly valueExpression: string;
}

export interface ExpressionWarning {
  readonly fieldRef: string;
  readonly warning: string;
}

export interface Mutation {
  readonly patchType?: string;
  readonly applyConfiguration?: { readonly expression?: string };
  readonly jsonPatch?: { readonly expression?: string };
}

/** Puts a policy to work. */
export interface PolicyBinding extends KubeObject {
  readonly spec: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
    /** Of validating policies only. */
    readonly validationActions?: readonly string[];
  };
}

export interface ParamRef {
  readonly name?: string;
  readonly namespace?: string;
  readonly selector?: LabelSelector;
  readonly parameterNotFoundAction?: string;
}

const GROUP = 'admissionregistration.k8s.io';

export const policies = {
  validating: resource<ValidatingAdmissionPolicy>(
    GROUP,
    'v1',
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    false,
  ),
  mutating: resource<MutatingAdmissionPolicy>(
    GROUP,
    'v1',
    'mutatingadmissionpolicies',
    'MutatingAdmissionPolicy',
    false,
  ),
} as const;

export const bindings = {
  validating: resource<PolicyBinding>(
    GROUP,
    'v1',
    'validatingadmissionpolicybindings',
    'ValidatingAdmissionPolicyBinding',
    false,
  ),
  mutating: resource<PolicyBinding>(
    GROUP,
    'v1',
    'mutatingadmissionpolicybindings',
    'MutatingAdmissionPolicyBinding',
    false,
  ),
} as const;

/** What policies and webhooks hear nothing of, so that nobody locks themselves out. */
export const UNTOUCHABLE: ReadonlySet<string> = new Set([
  ...Object.values(policies).map(({ id }) => id),
  ...Object.values(bindings).map(({ id }) => id),
  `validatingwebhookconfigurations.${GROUP}`,
  `mutatingwebhookconfigurations.${GROUP}`,
]);
