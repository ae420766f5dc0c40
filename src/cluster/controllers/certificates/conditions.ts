import { edit } from '../../../core/json.ts';
import type { CertificateSigningRequest } from '../../../model/objects.ts';

/** A request about which one thing more is said. @param time as the API has it */
export function withCondition(
  request: CertificateSigningRequest,
  time: string,
  { type, reason, message }: { readonly type: string; readonly reason: string; readonly message: string },
): CertificateSigningRequest {
  return edit(request, (draft) => {
    draft.status ??= {};
    draft.status.conditions = [
      ...(draft.status.conditions ?? []),
      { type, status: 'True', reason, message, lastUpdateTime: time, lastTransitionTime: time },
    ];
  });
}
