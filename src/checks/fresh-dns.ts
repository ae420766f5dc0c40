import type { ConfigMap, Pod, Service } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import {
  all,
  type Check,
  fail,
  gradeCheck,
  gradeWithin,
  type LabView,
  type Observation,
  pass,
  patient,
  unjudged,
} from './check.ts';
import type { ClientRef } from './client-pod.ts';
import { type Clone, neverReady, probeClone, until, withClone } from './clones.ts';
import { addressIn, corefileOf, forwardsOf, isInZone, mountedCorefile, serverBlocks } from './corefile.ts';
import { startsAgain } from './fresh-pods.ts';
import { ELSEWHERE } from './fresh-service.ts';
import { answersAt } from './traffic.ts';
import { isReady, podsOf, type WorkloadRef } from './workloads.ts';

const COREDNS = { namespace: 'kube-system', name: 'coredns' };
/** Milliseconds in which a pod that is ready answers. */
const ANSWERS_WITHIN = 10_000;

/** Who asks a fresh pod of CoreDNS, and a name outside the cluster that it must know. */
export interface FreshDns {
  readonly from: ClientRef;
  readonly outside: { readonly name: string; readonly address: string };
}

/**
 * A pod of CoreDNS that is made now, with the Corefile that there is now, comes up and answers rightly: names of the
 * client's namespace and of others, addresses, and the name outside; and that a name is there it says whatever type of
 * record it is asked for. So is found what those that run have not read yet. And each of those whom it forwards the name
 * outside to knows it: who does not answer is asked as well, and clients wait.
 */
export function dnsStartsAgain({ from, outside }: FreshDns): Check {
  return {
    ...startsAgain(COREDNS, undefined, async (lab, clone) => {
      const answered = await answersRightly(lab, { from, outside }, clone);
      return answered.status === 'pass' ? upstreamsKnow(lab, { from, outside }) : answered;
    }),
    expected: 'a fresh pod of CoreDNS finds a node, comes up, and answers rightly',
  };
}

/** How long those that run may take to read what was written for them, in milliseconds. */
const SERVED_WITHIN = 180_000;

/**
 * Whoever comes to the cluster finds names: a pod of another namespace, with no labels that anybody knows, asks as it was told
 * to by the cluster.
 * @param like whose image it has
 * @param namespace where it is
 */
export function servesEverybody(like: ClientRef, namespace = ELSEWHERE): Check {
  return {
    expected: `a fresh pod of namespace ${namespace} finds names`,
    disturbs: `a pod in namespace ${namespace}`,
    look: () => Promise.resolve(pass('proven with a pod made while grading')),
    grade: async (lab) => {
      const spec = lab.baseline.get(resources.deployments, like.namespace, like.app)?.spec.template.spec;
      const own = spec?.containers.find(({ name }) => name === like.app);
      if (spec === undefined || own === undefined)
        return unjudged(`deployment/${like.app} was not there before`);
      const { name, image, imagePullPolicy, terminationMessagePath, terminationMessagePolicy } = own;
      const program = { image, imagePullPolicy, command: ['sleep', '3600'] };
      const containers = [
        { name, ...program, resources: {}, terminationMessagePath, terminationMessagePolicy },
      ];
      const of = { namespace, name };
      return withClone(lab, of, { spec: { ...spec, containers } }, { liveness: false }, async (clone) => {
        let seen = fail('');
        const found = await until(lab, patient(lab, SERVED_WITHIN), async () => {
          seen = await findsNames(lab, of, clone);
          return seen.status !== 'fail';
        });
        return found ? seen : fail(`a fresh pod of namespace ${namespace}: ${seen.seen}`);
      });
    },
  };
}

async function findsNames(lab: LabView, of: WorkloadRef, clone: Clone): Promise<Observation> {
  const pod = await lab.kube.get(resources.pods, clone.namespace, clone.name);
  if (pod === undefined || !isReady(pod)) return neverReady(lab, of, clone);
  const asked = await lab.kube.get(resources.services, 'kube-system', 'kube-dns');
  if (asked === undefined) return fail('service/kube-dns does not exist');
  return probeClone(lab, of, clone, [
    'dns',
    'kube-dns.kube-system',
    '--contains',
    asked.spec.clusterIP ?? '',
  ]);
}

async function answersRightly(
  lab: LabView,
  { from, outside }: FreshDns,
  { namespace, name }: Clone,
): Promise<Observation> {
  const server = (await lab.kube.get(resources.pods, namespace, name))?.status.podIP;
  if (server === undefined) return fail('a fresh pod of CoreDNS has no address');
  const asked = (question: { name: string; type: 'A' | 'AAAA' | 'PTR' | 'SRV'; answer?: string }): Check =>
    answersAt({ from, server, ...question });
  const own = await withAddress(lab, from.namespace);
  const others = [...(await withAddress(lab, 'default')), ...(await withAddress(lab, 'kube-system'))];
  const checks = [
    ...[...own, ...others].map((service) =>
      asked({ name: nameOf(service), type: 'A', answer: service.spec.clusterIP ?? '' }),
    ),
    ...others.map((service) => asked({ name: reverseOf(service), type: 'PTR', answer: nameOf(service) })),
    ...own.flatMap((service) => [
      asked({ name: nameOf(service), type: 'AAAA' }),
      asked({ name: nameOf(service), type: 'SRV' }),
    ]),
    asked({ name: outside.name, type: 'A', answer: outside.address }),
  ];
  const seen = await gradeWithin(lab, ANSWERS_WITHIN, all('', checks));
  if (seen.status === 'error') return seen;
  return seen.status === 'pass'
    ? pass('it came up, and answers rightly')
    : fail(`a fresh pod of CoreDNS comes up, and answers wrongly: ${seen.seen}`);
}

async function upstreamsKnow(lab: LabView, { from, outside }: FreshDns): Promise<Observation> {
  const deployment = await lab.kube.get(resources.deployments, COREDNS.namespace, COREDNS.name);
  if (deployment === undefined) return fail('deployment/coredns does not exist');
  const servers = forwardsOf(serverBlocks((await corefileOf(lab, deployment)) ?? ''))
    .filter(({ zones }) => zones.some((zone) => isInZone(outside.name, zone)))
    .flatMap(({ to }) => to)
    // Whom it asks over TLS is not asked in plain words.
    .filter((to) => addressIn(to) !== undefined && !to.startsWith('tls://'));
  for (const to of servers) {
    const server = to.replace('dns://', '');
    const knows = answersAt({ from, server, name: outside.name, type: 'A', answer: outside.address });
    const seen = await gradeWithin(lab, ANSWERS_WITHIN, knows);
    if (seen.status === 'error') return seen;
    if (seen.status === 'fail')
      return fail(`the Corefile forwards to ${to}, where nobody knows ${seen.seen}`);
  }
  return pass('it came up, and answers rightly');
}

/** Services of a namespace that have an address of their own. */
async function withAddress(lab: LabView, namespace: string): Promise<Service[]> {
  const services = await lab.kube.list(resources.services, { namespace });
  return services.filter(({ spec }) => /^\d+\./.test(spec.clusterIP ?? ''));
}

const nameOf = ({ metadata }: Service): string =>
  `${metadata.name}.${metadata.namespace ?? ''}.svc.cluster.local`;

const reverseOf = ({ spec }: Service): string =>
  `${(spec.clusterIP ?? '').split('.').reverse().join('.')}.in-addr.arpa`;

/** Milliseconds after which a CoreDNS that runs has read what was written for it: a kubelet's round, and its own. */
const LOADED_AFTER = 150_000;

/** A proof that waits until CoreDNS has read the Corefile that there is now: otherwise it proves what was there before. */
export function onceLoaded(proof: Check): Check {
  return {
    ...proof,
    grade: async (lab) => {
      const left = (await loadedAt(lab)) - lab.clock.now().getTime();
      if (left > 0) await lab.clock.wait(left, lab.signal);
      return gradeCheck(lab, proof);
    },
  };
}

/** When every CoreDNS that runs has read the Corefile of now at last, by the cluster's clock. */
async function loadedAt(lab: LabView): Promise<number> {
  const deployment = await lab.kube.get(resources.deployments, COREDNS.namespace, COREDNS.name);
  if (deployment === undefined) return 0;
  const { map } = mountedCorefile(deployment);
  const config = await lab.kube.get<ConfigMap>(resources.configMaps, COREDNS.namespace, map);
  const written = Math.max(
    ...(config?.metadata.managedFields ?? []).map(({ time }) => Date.parse(time ?? '') || 0),
    0,
  );
  const { current } = await podsOf(lab, deployment);
  const startedAt = ({ status }: Pod): number => Date.parse(status.startTime ?? '') || 0;
  return current.some((pod) => startedAt(pod) <= written) ? written + LOADED_AFTER : 0;
}
