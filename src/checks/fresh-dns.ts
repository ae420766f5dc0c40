import type { ConfigMap, Pod } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, gradeCheck, gradeWithin, type LabView, type Observation, pass } from './check.ts';
import type { Clone } from './clones.ts';
import { COREDNS } from './cluster-dns.ts';
import {
  addressIn,
  corefileOf,
  forwardsOf,
  isInZone,
  mountedCorefile,
  serverBlocks,
  serverIn,
} from './corefile.ts';
import { type FreshDns, rightAnswers } from './dns-answers.ts';
import { startsAgain } from './fresh-pods.ts';
import { whatIsGoing } from './fresh-shop.ts';
import { answersAt } from './traffic.ts';
import { podsOf } from './workloads.ts';

/** Milliseconds in which a pod that is ready answers. */
const ANSWERS_WITHIN = 10_000;

/**
 * A pod of CoreDNS that is created now, with the Corefile that there is now, comes up and answers correctly: names of the
 * client's namespace and of others, addresses, and the name outside; and for every record type it says that a name exists. So is
 * found what running pods have not read yet. And each server to which it forwards the name outside knows it: one that does not
 * answer is asked as well, and clients wait.
 */
export function dnsStartsAgain({ from, outside }: FreshDns): Check {
  return {
    ...startsAgain(COREDNS, undefined, async (lab, clone) => {
      const { namespace, name } = COREDNS;
      const own = (await lab.kube.get(resources.deployments, namespace, name))?.spec;
      const going = own && (await whatIsGoing(lab, namespace, [own]));
      if (going !== undefined) return fail(going);
      const answered = await cloneAnswers(lab, { from, outside }, clone);
      return answered.status === 'pass' ? upstreamsKnow(lab, { from, outside }) : answered;
    }),
    expected: 'a new pod of CoreDNS finds a node, comes up, and answers correctly',
  };
}

async function cloneAnswers(lab: LabView, asked: FreshDns, { namespace, name }: Clone): Promise<Observation> {
  const server = (await lab.kube.get(resources.pods, namespace, name))?.status.podIP;
  if (server === undefined) return fail('a new pod of CoreDNS has no address');
  const seen = await gradeWithin(lab, ANSWERS_WITHIN, await rightAnswers(lab, asked, server));
  if (seen.status === 'error') return seen;
  return seen.status === 'pass'
    ? pass('it came up, and answers correctly')
    : fail(`a new pod of CoreDNS comes up, but an answer is wrong: ${seen.seen}`);
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
    const knows = answersAt(from, serverIn(to), [{ name: outside.name, type: 'A', answer: outside.address }]);
    const seen = await gradeWithin(lab, ANSWERS_WITHIN, knows);
    if (seen.status === 'error') return seen;
    if (seen.status === 'fail')
      return fail(`the Corefile forwards to ${to}, which does not answer correctly: ${seen.seen}`);
  }
  return pass('it came up, and answers correctly');
}

/** Milliseconds after which a running CoreDNS has read a Corefile that has just been written: a kubelet's round, and its own. */
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
