import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import { MILLISECOND, SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { microsOf } from '../pod-state.ts';

const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** Deletes requests for certificates that are done with, or that nobody cares for. */
export function createRequestCleaner(context: ControllerContext): Controller {
  const { api, simulation } = context;
  const remove = ({ metadata }: CertificateSigningRequest): void => {
    try {
      api.delete(resources.certificateSigningRequests, undefined, metadata.name);
    } catch (error) {
      // A policy keeps it: it is tried again with the others.
      if (!(error instanceof StatusError)) throw error;
    }
  };
  const clean = (): void => {
    simulation.after(HOUR, 'controller/csrcleaner', clean);
    for (const request of api.list(resources.certificateSigningRequests)) {
      if (isDone(request, simulation.now)) remove(request);
    }
  };
  return {
    name: 'certificatesigningrequest-cleaner-controller',
    start: () => {
      simulation.after(HOUR, 'controller/csrcleaner', clean);
    },
  };
}

function isDone({ metadata, status = {} }: CertificateSigningRequest, now: number): boolean {
  const { conditions = [], certificate = '' } = status;
  const isOlder = (time: string | undefined, age: number): boolean =>
    time !== undefined && now - microsOf(time) > age;
  const is = (type: string, age: number): boolean =>
    conditions.some((condition) => condition.type === type && isOlder(condition.lastUpdateTime, age));
  if (conditions.length === 0) return isOlder(metadata.creationTimestamp, DAY);
  if (is('Denied', HOUR) || is('Failed', HOUR)) return true;
  if (certificate === '') return is('Approved', DAY);
  return is('Approved', HOUR) || (is('Approved', 0) && isExpired(certificate, now));
}

function isExpired(certificate: string, now: number): boolean {
  const { validToDate } = new X509Certificate(Buffer.from(certificate, 'base64'));
  return validToDate.getTime() * MILLISECOND < now;
}
