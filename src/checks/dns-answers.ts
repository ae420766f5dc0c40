import type { Service } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, hold, type LabView, pass } from './check.ts';
import type { ClientRef } from './client-pod.ts';
import { readyEndpoints, slicesOf } from './endpoints.ts';
import { answersAt, type Question } from './traffic.ts';

/** Who asks a server of the cluster's names, and a name outside the cluster that it must know. */
export interface FreshDns {
  readonly from: ClientRef;
  readonly outside: { readonly name: string; readonly address: string };
}

/** The port of kube-dns. */
const DNS = 53;

/** Types of which a Service has no record: that its name is there is said all the same. */
const NOTHING_OF = ['AAAA', 'TXT', 'MX'] as const;

/** How long running pods may take to read a configuration that has just been written, in milliseconds. */
const READ_WITHIN = 180_000;
/** Who is just being replaced is behind kube-dns again in that time, in milliseconds. */
const UNTIL_ALL_ARE_THERE = 10_000;

/**
 * A server is asked for every Service of every namespace, and for one of each (all of the client's) by all types of records:
 * https://github.com/kubernetes/dns/blob/master/docs/specification.md
 * @returns a check that it answers all of it correctly
 */
export async function rightAnswers(
  lab: LabView,
  { from, outside }: FreshDns,
  server: string,
): Promise<Check> {
  const services = (await lab.kube.list(resources.services)).filter(({ spec }) => addressed(spec.clusterIP));
  const samples = services.filter(
    ({ metadata: { namespace } }, index) =>
      services.findIndex((other) => other.metadata.namespace === namespace) === index,
  );
  const own = services.filter(({ metadata }) => metadata.namespace === from.namespace);
  const questions: Question[] = [
    ...services.map((one): Question => ({ name: nameOf(one), type: 'A', answer: one.spec.clusterIP ?? '' })),
    ...samples.map((one): Question => ({ name: reverseOf(one), type: 'PTR', answer: nameOf(one) })),
    ...[...new Set([...samples, ...own])].flatMap((one): Question[] => [
      ...NOTHING_OF.map((type) => ({ name: nameOf(one), type })),
      { name: portOf(one), type: 'SRV' },
    ]),
    ...(await podNames(lab, from.namespace)),
    { name: outside.name, type: 'A', answer: outside.address },
  ];
  return answersAt(from, server, questions);
}

/**
 * Every server behind Service kube-dns answers correctly: a lookup is answered by one of them, and nobody knows by which.
 * @param settleMs how long it may take until they do
 */
export function everyServerAnswers(asked: FreshDns, settleMs = READ_WITHIN): Check {
  const rightly: Check = {
    expected: 'every server behind service/kube-dns answers correctly',
    look: async (lab) => {
      const endpoints = await readyEndpoints(lab, 'kube-system', 'kube-dns', DNS);
      const servers = new Set(endpoints.map((endpoint) => endpoint.split(':', 1)[0] ?? ''));
      for (const server of servers) {
        const seen = await (await rightAnswers(lab, asked, server)).look(lab);
        if (seen.status === 'error') return seen;
        if (seen.status === 'fail') return fail(`server ${server} behind service/kube-dns: ${seen.seen}`);
      }
      return servers.size === 0
        ? fail('service/kube-dns has no ready endpoints')
        : pass(`${servers.size} servers answer correctly`);
    },
    // Every second would be hundreds of questions to say the same.
    observe: async (lab, windowMs) => {
      await lab.clock.wait(windowMs, lab.signal);
      return rightly.look(lab);
    },
  };
  return hold(UNTIL_ALL_ARE_THERE, rightly, settleMs);
}

const addressed = (ip: string | undefined): boolean => /^\d+\./.test(ip ?? '');

const nameOf = ({ metadata }: Service): string =>
  `${metadata.name}.${metadata.namespace ?? ''}.svc.cluster.local`;

const reverseOf = ({ spec }: Service): string =>
  `${(spec.clusterIP ?? '').split('.').reverse().join('.')}.in-addr.arpa`;

/** `_http._tcp.checkout.shop.svc.cluster.local` */
function portOf(service: Service): string {
  const named = service.spec.ports?.find(({ name }) => name !== undefined && name !== '');
  const { name = '', protocol = 'TCP' } = named ?? {};
  return named === undefined ? nameOf(service) : `_${name}._${protocol.toLowerCase()}.${nameOf(service)}`;
}

/** Headless Services, and pods that have a name of their own there, as those of a StatefulSet have. */
async function podNames(lab: LabView, namespace: string): Promise<Question[]> {
  const services = await lab.kube.list(resources.services, { namespace });
  const questions: Question[] = [];
  for (const service of services.filter(({ spec }) => spec.clusterIP === 'None'))
    for (const { endpoints } of await slicesOf(lab, namespace, service.metadata.name))
      for (const { hostname, addresses, conditions } of endpoints ?? [])
        if (hostname !== undefined && conditions.ready !== false)
          questions.push(
            { name: `${hostname}.${nameOf(service)}`, type: 'A', answer: addresses[0] ?? '' },
            { name: nameOf(service), type: 'A' },
            { name: nameOf(service), type: 'AAAA' },
          );
  return questions;
}
