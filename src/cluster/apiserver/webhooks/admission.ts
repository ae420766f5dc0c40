import type { AnyObject } from '../../../model/objects.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../../model/patch/json-patch.ts';
import type { Random } from '../../../core/random.ts';
import type { StatusError } from '../../api.ts';
import { admissionRequest } from '../admission/admission-request.ts';
import { refusal } from '../admission/refuse.ts';
import { replaceObject } from '../admission/replace-object.ts';
import type { AdmissionAttributes, AdmissionPlugin, ApplyDefaults, Authorizer } from '../pipeline.ts';
import { matchesConditions } from '../policies/match-conditions.ts';
import { badRequest, statusError } from '../status.ts';
import type { WebhookAnswers } from './answers.ts';
import { type WebhookOutcome, whyUnanswered } from './calls.ts';
import { concerns, configurations, type Webhook, type WebhookConfiguration } from './configuration.ts';

interface Response {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly status?: {
    readonly code?: number;
    readonly message?: string;
    readonly reason?: string;
    readonly status?: string;
  };
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

const LEAST_CODE = 400;
const MUTATING = 'MutatingAdmissionWebhook';

/**
 * The admission plugins that ask webhooks: one changes the object, the other has the last word.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
export function webhookPlugins(parts: {
  readonly answers: WebhookAnswers;
  readonly random: Random;
  readonly applyDefaults: ApplyDefaults;
  readonly authorizer: Authorizer;
}): { readonly mutating: AdmissionPlugin; readonly validating: AdmissionPlugin } {
  /** Nearly all writes meet none. Of those that the cluster's own parts make only creates do. */
  const configured = (
    kind: keyof typeof configurations,
    { api, operation }: AdmissionAttributes,
  ): readonly WebhookConfiguration[] =>
    parts.answers.isOpen || operation === 'CREATE' ? api.list(configurations[kind]) : [];

  const ask = (
    kind: keyof typeof configurations,
    found: readonly WebhookConfiguration[],
    attributes: AdmissionAttributes,
  ): void => {
    const inTurn = found.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    for (const { metadata, webhooks = [] } of inTurn) {
      for (const webhook of webhooks) {
        if (!isAsked(webhook, attributes)) continue;
        if (parts.answers.isOpen) askOne(kind, metadata.name, webhook, attributes);
        else refuseUnanswered(webhook, attributes);
      }
    }
  };

  /** A part of the cluster cannot wait for an answer; that there will be none it sees at once. */
  const refuseUnanswered = (webhook: Webhook, { api }: AdmissionAttributes): void => {
    const error = whyUnanswered(webhook, api);
    if (error !== undefined) responseOf(webhook, { error });
  };

  const isAsked = (webhook: Webhook, attributes: AdmissionAttributes): boolean => {
    if (!concerns(webhook, attributes)) return false;
    const { matchConditions = [], failurePolicy } = webhook;
    const { authorizer } = parts;
    const isMatch = matchesConditions(matchConditions, { attributes, authorizer, failurePolicy });
    // The names of the conditions are not told.
    if (typeof isMatch === 'string') throw refusal(attributes, isMatch);
    return isMatch;
  };

  const askOne = (
    kind: keyof typeof configurations,
    configuration: string,
    webhook: Webhook,
    attributes: AdmissionAttributes,
  ): void => {
    const { reinvocation } = attributes;
    const invoked = kind === 'mutating' ? reinvocation.for(MUTATING) : undefined;
    const who = [configuration, webhook.name].join(' ');
    if (invoked?.isDue(who) === false) return;
    checkDryRun(webhook, attributes);
    const turn = reinvocation.isSecond ? 'again' : 'first';
    const key = [kind, turn, who, identityOf(attributes)].join(' ');
    const outcome = parts.answers.answer(key, () => ({
      webhook,
      body: JSON.stringify(reviewOf(attributes, parts.random.uuid())),
    }));
    const response = responseOf(webhook, outcome);
    if (response === undefined) return;
    for (const warning of response.warnings ?? []) attributes.warn(warning);
    if (response.allowed !== true) throw denial(webhook, response);
    if (invoked === undefined) return;
    const hasChanged = response.patch !== undefined && change(attributes, webhook, response.patch);
    invoked.asked(who, { hasChanged, canBeAskedAgain: webhook.reinvocationPolicy === 'IfNeeded' });
  };

  /** @returns whether anything is different */
  const change = (attributes: AdmissionAttributes, webhook: Webhook, patch: string): boolean => {
    const { object } = attributes;
    if (object === undefined) return false;
    let changed: AnyObject;
    try {
      const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as JsonPatchOperation[];
      changed = applyJsonPatch(object, operations) as AnyObject;
    } catch (error) {
      throw internal(
        `failed calling webhook "${webhook.name}": ${error instanceof Error ? error.message : ''}`,
      );
    }
    return replaceObject(attributes, changed, parts.applyDefaults);
  };

  return {
    mutating: {
      name: MUTATING,
      connects: true,
      mutate(attributes) {
        const found = configured('mutating', attributes);
        if (found.length === 0) return;
        const invoked = attributes.reinvocation.for(MUTATING);
        invoked.begin(attributes.object);
        ask('mutating', found, attributes);
        invoked.end(attributes.object);
      },
    },
    validating: {
      name: 'ValidatingAdmissionWebhook',
      connects: true,
      validate: (attributes) => ask('validating', configured('validating', attributes), attributes),
    },
  };
}

/** What tells one write of a request from another. */
function identityOf(attributes: AdmissionAttributes): string {
  const { operation, resource, subresource = '', namespace = '', object, old } = attributes;
  const sent: Partial<AnyObject['metadata']> = (object ?? old)?.metadata ?? {};
  const name = sent.name === undefined || sent.name === '' ? (sent.generateName ?? '') : sent.name;
  return [operation, resource.id, subresource, namespace, name].join(' ');
}

function checkDryRun({ name, sideEffects }: Webhook, { dryRun }: AdmissionAttributes): void {
  if (!dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook "${name}" does not support dry run`);
}

function reviewOf(attributes: AdmissionAttributes, uid: string): object {
  const { object, old } = attributes;
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid, ...admissionRequest(attributes), object: object ?? null, oldObject: old ?? null },
  };
}

/** @returns undefined where the webhook has failed and may. @throws StatusError 500 where it may not */
function responseOf({ name, failurePolicy }: Webhook, outcome: WebhookOutcome): Response | undefined {
  const read = 'error' in outcome ? `failed to call webhook: ${outcome.error}` : parse(outcome.body);
  if (typeof read !== 'string') return read;
  if (failurePolicy === 'Ignore') return undefined;
  throw internal(`failed calling webhook "${name}": ${read}`);
}

function parse(body: string): Response | string {
  try {
    const { response } = JSON.parse(body) as { response?: Response | null };
    return response ?? 'Webhook response was absent';
  } catch {
    return 'received invalid webhook response: it is no JSON';
  }
}

function internal(cause: string): StatusError {
  return statusError(500, 'InternalError', `Internal error occurred: ${cause}`, {
    causes: [{ message: cause }],
  });
}

function denial({ name }: Webhook, { status = {} }: Response): StatusError {
  const { code = 0, message = '', reason = '' } = status;
  const why = message !== '' ? message : reason;
  const deniedBy = `admission webhook "${name}" denied the request`;
  const text = why === '' ? `${deniedBy} without explanation` : `${deniedBy}: ${why}`;
  return statusError(Math.max(code, LEAST_CODE), reason === '' ? undefined : reason, text);
}
