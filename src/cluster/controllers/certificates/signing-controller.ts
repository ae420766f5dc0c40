import { edit } from '../../../core/json.ts';
import type { CertificateSigningRequest } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { readCertificateRequest } from '../../certificates/request.ts';
import { SIGNERS } from '../../certificates/signers.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';
import { withCondition } from './conditions.ts';

/** All of seconds. */
const LONGEST = 365 * 24 * 3600;
const SHORTEST = 600;
/** Clocks of others may be behind by as much. */
const BACKDATED = 300;
/** A certificate that is shorter than this keeps its whole time. */
const SHORT = 8 * 3600;

/**
 * Signs the approved requests that name a signer of Kubernetes.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
 */
export function createSigningController(context: ControllerContext): Controller {
  const { api, simulation, watches, certificateSigner } = context;
  const queue = new WorkQueue(simulation, 'csrsigning', sync);
  const kind = resources.certificateSigningRequests;

  function sync(name: string): void {
    const request = api.get(kind, undefined, name);
    if (request === undefined || !isApproved(request) || isOver(request)) return;
    const check = SIGNERS[request.spec.signerName];
    if (check === undefined) return;
    const { usages = [] } = request.spec;
    const asked = readCertificateRequest(request.spec.request);
    const problem = check(asked, usages);
    if (problem !== undefined) {
      fail(request, problem);
      return;
    }
    const now = Math.floor(simulation.now / SECOND);
    const seconds = durationOf(request);
    const certificate = certificateSigner.sign(asked, {
      uid: request.metadata.uid,
      usages,
      from: now - BACKDATED,
      to: now + (seconds < SHORT ? seconds : seconds - BACKDATED),
    });
    api.updateStatus(
      kind,
      edit(request, (draft) => {
        draft.status = { ...draft.status, certificate: Buffer.from(certificate).toString('base64') };
      }),
    );
  }

  function fail(request: CertificateSigningRequest, message: string): void {
    const said = { type: 'Failed', reason: 'SignerValidationFailure', message };
    api.updateStatus(kind, withCondition(request, simulation.timestamp(), said));
  }

  return {
    name: 'certificatesigningrequest-signing-controller',
    start: () => {
      watches.on(kind, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
    },
  };
}

function has({ status }: CertificateSigningRequest, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type) === true;
}

function isApproved(request: CertificateSigningRequest): boolean {
  return has(request, 'Approved') && !has(request, 'Denied');
}

/** Nothing more is done for one that has its certificate, or cannot get it. */
function isOver(request: CertificateSigningRequest): boolean {
  return has(request, 'Failed') || (request.status?.certificate ?? '') !== '';
}

function durationOf({ spec }: CertificateSigningRequest): number {
  return Math.min(LONGEST, Math.max(SHORTEST, spec.expirationSeconds ?? LONGEST));
}
