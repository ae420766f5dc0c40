import type { AnyObject, Condition } from '../../../model/objects.ts';
import { onlyStatus } from '../rest/writer.ts';

/**
 * What the `approval` subresource of a CertificateSigningRequest changes: its conditions, which get their times here.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
export function approved(old: AnyObject, sent: AnyObject, time: string): AnyObject {
  const { certificate } = (old['status'] ?? {}) as { certificate?: string };
  const { status, ...rest } = signed(old, sent, time);
  return { ...rest, status: { ...(status as object), ...(certificate !== undefined && { certificate }) } };
}

/** What its `status` changes: all of it, and conditions get their times here, too. */
export function signed(old: AnyObject, sent: AnyObject, time: string): AnyObject {
  const before = conditionsOf(old) ?? [];
  const conditions = conditionsOf(sent)?.map((condition): Condition => {
    const known = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? known?.lastTransitionTime ?? time,
    };
  });
  const status = { ...(sent['status'] as object | undefined), ...(conditions && { conditions }) };
  return { ...onlyStatus(old, sent), status };
}

function conditionsOf(object: AnyObject): readonly Condition[] | undefined {
  return (object['status'] as { conditions?: readonly Condition[] } | undefined)?.conditions;
}
