import { createHash } from 'node:crypto';
import { canonical, isObject } from '../../../core/json.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import type { AnyObject } from '../../../model/objects.ts';
import type { StatusError } from '../../api.ts';
import { statusError } from '../status.ts';
import type { WebhookAnswers } from '../webhooks/answers.ts';
import type { WebhookOutcome } from '../webhooks/calls.ts';
import type { WebhookConversion } from './definition.ts';

interface Review {
  readonly response?: {
    readonly convertedObjects?: readonly unknown[] | null;
    readonly result?: { readonly status?: string; readonly message?: string };
  } | null;
}

/** What came of one conversion. */
interface Known {
  readonly converted: AnyObject;
  /** Characters of the webhook's answer. */
  readonly size: number;
}

/** The server's own limit, in seconds: a definition cannot set another. */
const TIMEOUT = 30;
/** So many characters of what came of conversions are remembered; the oldest is forgotten first. */
const REMEMBERED = 32 * 1024 * 1024;

/**
 * Custom objects in other versions, by the webhooks of their definitions.
 *
 * What came of a conversion is remembered, and only writes and reads that had to ask (which are written into a lab's log)
 * change what is remembered: other reads and watches leave no trace.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion
 */
export class Conversions {
  readonly #answers: WebhookAnswers;
  readonly #random: Random;
  readonly #known = new Map<string, Known>();
  #size = 0;

  constructor(answers: WebhookAnswers, random: Random) {
    this.#answers = answers;
    this.#random = random;
  }

  /** Whether a request is served that can wait until a webhook has answered; the writes of the cluster's own parts cannot. */
  get canAsk(): boolean {
    return this.#answers.isOpen;
  }

  /**
   * The object in another version. A webhook decides over its content, labels and annotations; all other metadata stay.
   * @throws WebhookNeeded where it has to be asked first
   * @throws StatusError 500 where it has failed
   */
  convert(webhook: WebhookConversion, object: AnyObject, apiVersion: string): AnyObject {
    const key = keyOf(webhook, object, apiVersion);
    const known = this.#known.get(key);
    if (known !== undefined) return withMetadataOf(object, known.converted);
    const outcome = this.#answers.answer(key, () => ({
      webhook: {
        name: object.kind,
        clientConfig: webhook.clientConfig,
        timeoutSeconds: TIMEOUT,
      },
      body: JSON.stringify({
        kind: 'ConversionReview',
        apiVersion: `apiextensions.k8s.io/${reviewVersion(webhook)}`,
        request: { uid: this.#random.uuid(), desiredAPIVersion: apiVersion, objects: [object] },
      }),
    }));
    const converted = convertedIn(outcome, object, apiVersion);
    this.#remember(key, { converted, size: 'body' in outcome ? outcome.body.length : 0 });
    return withMetadataOf(object, converted);
  }

  #remember(key: string, known: Known): void {
    this.#known.set(key, known);
    this.#size += known.size;
    for (const [oldest, { size }] of this.#known) {
      if (this.#size <= REMEMBERED) break;
      this.#known.delete(oldest);
      this.#size -= size;
    }
  }
}

/**
 * The same for all objects that only differ in metadata which a webhook may not change; among them are uid and name, which
 * are drawn anew when a request is made again.
 */
function keyOf(
  { clientConfig }: WebhookConversion,
  { metadata: { labels, annotations }, ...content }: AnyObject,
  apiVersion: string,
): string {
  const text = canonical({ clientConfig, content, labels, annotations });
  return `conversion to ${apiVersion} ${createHash('sha256').update(text).digest('base64')}`;
}

const reviewVersion = ({ conversionReviewVersions = [] }: WebhookConversion): string =>
  conversionReviewVersions.find((version) => version === 'v1' || version === 'v1beta1') ?? 'v1';

function convertedIn(outcome: WebhookOutcome, object: AnyObject, wanted: string): AnyObject {
  const answer = answerIn(outcome);
  if (typeof answer === 'string') throw failed(object, `failed: ${answer}`);
  const [converted, ...more] = answer;
  if (converted === undefined || more.length > 0)
    throw failed(object, `returned ${answer.length} objects, expected 1`);
  if (!isObject(converted))
    throw failed(object, 'returned invalid converted object at index 0: it is no object');
  const { apiVersion = '' } = converted;
  if (apiVersion !== wanted) {
    const received = typeof apiVersion === 'string' ? apiVersion : '';
    const why = `invalid groupVersion (expected ${wanted}, received ${received})`;
    throw failed(object, `returned invalid converted object at index 0: ${why}`);
  }
  return converted as unknown as AnyObject;
}

/** @returns why there are none, where there are none */
function answerIn(outcome: WebhookOutcome): readonly unknown[] | string {
  if ('error' in outcome) return outcome.error;
  let response: Review['response'];
  try {
    ({ response } = JSON.parse(outcome.body) as Review);
  } catch (error) {
    return messageOf(error);
  }
  if (response === undefined || response === null) return 'no response provided';
  const { status = '', message = '' } = response.result ?? {};
  if (status === 'Success') return response.convertedObjects ?? [];
  return message === '' ? `response.result.status was '${status}', not 'Success'` : message;
}

function failed({ apiVersion, kind }: AnyObject, what: string): StatusError {
  return statusError(500, undefined, `conversion webhook for ${apiVersion}, Kind=${kind} ${what}`);
}

function withMetadataOf({ metadata }: AnyObject, converted: AnyObject): AnyObject {
  const { labels: _labels, annotations: _annotations, ...kept } = metadata;
  const { labels, annotations } = (converted.metadata as AnyObject['metadata'] | undefined) ?? metadata;
  return {
    ...converted,
    metadata: { ...kept, ...(labels && { labels }), ...(annotations && { annotations }) },
  };
}
