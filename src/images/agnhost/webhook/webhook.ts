import type { HttpRequest, HttpResponse } from '../../../cluster/network/types.ts';
import type { ProgramContext } from '../../../cluster/runtime/types.ts';
import type { Subcommand } from '../agnhost.ts';
import { readFlags } from '../flags.ts';
import { answer, failure, klog } from '../go.ts';
import { forever } from '../simple.ts';
import { reviewers } from './reviewers.ts';
import { type AdmissionResponse, type AdmissionReview, readReview } from './review.ts';

const TLS = { 'tls-cert-file': undefined, 'tls-private-key-file': undefined, port: undefined };

/** Admission webhooks that allow, refuse and change in known ways. */
export const webhook: Subcommand = (context, args) => {
  const flags = readFlags(args, { ...TLS, 'sidecar-image': undefined });
  const options = { sidecarImage: flags.text('sidecar-image', '') };
  serveOverTls(context, flags.text('tls-cert-file', ''), flags.number('port', 443), (request) => {
    const { pathname } = new URL(request.path, 'http://agnhost');
    if (pathname === '/readyz') return answer('ok');
    const reviewer = reviewers[pathname];
    if (reviewer === undefined) return failure(404, '404 page not found');
    const review = readReview(request);
    if (typeof review === 'string') {
      klog(context, 'E', 'main.go:121', review);
      return failure(400, review);
    }
    return reply(review, reviewer(review.request, { context, ...options }));
  });
  return forever(context);
};

/** Serves with the certificate of a file; without one there is no server. */
export function serveOverTls(
  context: ProgramContext,
  certificateFile: string,
  port: number,
  handle: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>,
): void {
  const certificate = context.files.readText(certificateFile);
  context.net.listenHttp(port, handle, { certificate });
}

async function reply(
  review: AdmissionReview,
  pending: AdmissionResponse | Promise<AdmissionResponse>,
): Promise<HttpResponse> {
  const response = await pending;
  const { patch, ...rest } = response;
  const body = {
    kind: 'AdmissionReview',
    apiVersion: review.apiVersion,
    response: {
      uid: review.request.uid,
      ...rest,
      ...(patch !== undefined && {
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
        patchType: 'JSONPatch',
      }),
    },
  };
  return answer(JSON.stringify(body), { type: 'application/json' });
}
