import type { AnyObject, Condition } from '../../../model/objects.ts';
import { onlyStatus } from '../rest/writer.ts';

/**
 * What the `approval` subresource of a CertificateSigningRequest changes: its conditions, which get their times here.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
export function approved(old: AnyObject, sent: AnyObject, time: string): AnyObject {
  const { status, ...rest } = signed(old, sent, time);
  const { certificate } = statusOf(old);
  const { conditions } = status as ReturnType<typeof statusOf>;
  return { ...rest, status: { ...(conditions && { conditions }), ...(certificate && { certificate }) } };
}

/** What its `status` changes: all of it, and conditions get their times here, too. */
export function signed(old: AnyObject, sent: AnyObject, time: string): AnyObject {
  const before = statusOf(old).conditions ?? [];
  const conditions = statusOf(sent).conditions?.map((condition): Condition => {
    const known = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? known?.lastTransitionTime ?? time,
    };
  });
  const status = { ...statusOf(sent), ...(conditions && { conditions }) };
  return { ...onlyStatus(old, sent), status };
}

function statusOf(object: AnyObject): { conditions?: readonly Condition[]; certificate?: string } {
  return object['status'] ?? {};
}
