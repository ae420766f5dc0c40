import { canonical, equal } from '../core/json.ts';
import { podAddresses } from './pods.ts';
import type { ConfigMap, Deployment, NetworkPolicyPeer, Service } from '../model/objects.ts';
import { isPodReady } from '../model/pod-ready.ts';
import { resources } from '../model/resources.ts';
import { matchesSelector } from '../model/selector.ts';
import { all, type Check, fail, hold, type LabView, type Observation, pass } from './check.ts';
import type { ClientRef } from './client-pod.ts';
import { readyAddresses, slicesOf } from './endpoints.ts';
import {
  addressIn,
  answersReverse,
  corefileOf,
  exceptionsOf,
  forwardsOf,
  healthIsAsked,
  isInZone,
  mainOf,
  mountedCorefile,
  type ServerBlock,
  serverBlocks,
  serverIn,
} from './corefile.ts';
import { createService, ELSEWHERE, UNTIL_KNOWN } from './fresh-service.ts';
import { whyNoRollout } from './next-rollout.ts';
import { scalersBelow } from './shop-size.ts';
import { dns } from './traffic.ts';
import { podsOf, selectedPods, whyNotFollowed } from './workloads.ts';

export const COREDNS = { namespace: 'kube-system', name: 'coredns' };

/**
 * Names of Services that are created while this is graded resolve to their own addresses: one with a ClusterIP, one
 * headless, and one of another namespace. Static records cannot know them.
 */
export function freshServicesResolve(from: ClientRef, windowMs: number, settleMs: number): Check {
  return {
    expected: `${from.app} resolves Services that are created during grading, for ${windowMs / 1000} s`,
    disturbs: 'three Services for a while',
    look: () => Promise.resolve(pass('proven with Services that are created during grading')),
    grade: async (lab) => {
      const suffix = lab.random.suffix(5);
      const names = [`fresh-${suffix}`, `fresh-headless-${suffix}`] as const;
      const far = { ...from, namespace: ELSEWHERE };
      const farName = `fresh-far-${suffix}`;
      try {
        const made = await makeServices(lab, from, names);
        if ('status' in made) return made;
        const [plain, headless] = made;
        const other = await createService(lab, far, farName);
        if ('seen' in other) return other;
        // A name that is asked for before DNS knows it is remembered as missing for a while, by any good server.
        await lab.clock.wait(UNTIL_KNOWN, lab.signal);
        const checks = [
          dns({ from, name: names[0], address: plain }),
          dns({ from, name: names[1], address: headless }),
          dns({ from, name: `${farName}.${ELSEWHERE}`, address: other.spec.clusterIP ?? '' }),
        ];
        return (await hold(windowMs, all('', checks), settleMs).grade?.(lab)) ?? fail('');
      } finally {
        for (const name of names) await lab.kube.delete(resources.services, from.namespace, name);
        await lab.kube.delete(resources.services, ELSEWHERE, farName);
      }
    },
  };
}

/** @returns the addresses that the two names must resolve to; a failure where the cluster takes no Service (any more) */
async function makeServices(
  lab: LabView,
  from: ClientRef,
  names: readonly [string, string],
): Promise<[string, string] | Observation> {
  const plain = await createService(lab, from, names[0]);
  if ('seen' in plain) return plain;
  const headless = await createService(lab, from, names[1], 'None');
  if ('seen' in headless) return headless;
  const pods = await selectedPods(lab, from.namespace, { app: from.app });
  return [plain.spec.clusterIP ?? '', pods.find(isPodReady)?.status.podIP ?? 'no ready pod'];
}

/** What a cluster's DNS must have, whatever else is in its Corefile. */
const NEEDED = ['kubernetes', 'forward', 'cache', 'health', 'ready'];

/**
 * CoreDNS is whole: its Corefile has what every cluster needs, for all namespaces and for reverse zones, and forwards all
 * that it does not know to the same servers as before, which no NetworkPolicy keeps it from; its liveness and readiness probes
 * ask what they asked before, and get an answer; kube-dns leads to its pods and to nothing else, on the ports of before and from
 * every node.
 */
export function clusterDnsWhole(): Check {
  return {
    expected: `CoreDNS keeps the plugins ${NEEDED.join(', ')}, and service/kube-dns leads to at least 2 ready pods of deployment/coredns and to nothing else`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, 'kube-system', 'coredns');
      if (deployment === undefined) return fail('deployment/coredns does not exist');
      const before = lab.baseline.get(resources.deployments, 'kube-system', 'coredns');
      const asked = PROBES.find(
        (probe) => before !== undefined && !equal(...askedBy(probe, deployment, before)),
      );
      if (asked !== undefined)
        return fail(`the ${asked} of deployment/coredns asks something else than before`);
      const fewer = await whoMayScaleDown(lab);
      if (fewer !== undefined) return fail(fewer);
      const corefile = await corefileOf(lab, deployment);
      if (corefile === undefined) return fail(`configmap/${mountedCorefile(deployment).map} has no Corefile`);
      const blocks = serverBlocks(corefile);
      const main = mainOf(blocks);
      const missing = NEEDED.filter((plugin) => !new RegExp(`^\\s*${plugin}\\b`, 'm').test(main));
      if (missing.length > 0) return fail(`the Corefile does not have ${missing.join(', ')}`);
      if (!/^\s*forward\s+\.\s/m.test(main)) return fail('the Corefile forwards only some names');
      const unasked = exceptionsOf(blocks).find((zone) => !isKnown(zone, blocks));
      if (unasked !== undefined) return fail(`the Corefile forwards no names of ${unasked}`);
      if (!blocks.some(answersReverse))
        return fail('the plugin kubernetes has no reverse zones (in-addr.arpa) any more');
      if (/^\s*(namespaces|labels|namespace_labels|noendpoints)\b/m.test(main)) {
        return fail('the plugin kubernetes answers only for some namespaces or Services');
      }
      if (!healthIsAsked(main)) return fail('the plugin health listens where the livenessProbe does not ask');
      const astray =
        (await whoIsAskedWrongly(lab, blocks)) ??
        asksElsewhere(deployment, before) ??
        (await whoSilences(lab, deployment));
      if (astray !== undefined) return fail(astray);
      return judgeKubeDns(lab, deployment);
    },
  };
}

/** The cluster takes the next rollout of CoreDNS: for scenarios in which no clone of it shows that. */
export function dnsRollsOut(): Check {
  return {
    expected: 'the next rollout of CoreDNS can begin',
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, COREDNS.namespace, COREDNS.name);
      if (deployment === undefined) return fail('deployment/coredns does not exist');
      const refused = await whyNoRollout(lab, COREDNS, deployment.spec.template);
      return refused ?? pass('the next rollout of CoreDNS can begin');
    },
  };
}

/** Whether names of a zone are answered by the cluster, or by whom its own server block or `forward` asks. */
const isKnown = (zone: string, blocks: readonly ServerBlock[]): boolean =>
  ['cluster.local', 'in-addr.arpa', 'ip6.arpa', ...forwardsOf(blocks).flatMap(({ zones }) => zones)].some(
    (known) => isInZone(zone.replace(/\.$/, ''), known),
  );

/**
 * Fewer than two pods at a time of little load are too few, whenever that comes.
 * @returns what may take CoreDNS' pods away
 */
async function whoMayScaleDown(lab: LabView): Promise<string | undefined> {
  const { namespace, name } = COREDNS;
  const autoscalers = await lab.kube.list(resources.horizontalPodAutoscalers, { namespace });
  const [found] = scalersBelow(autoscalers, { kind: 'Deployment', name }, 2);
  return found && `horizontalpodautoscaler/${found.metadata.name} may scale CoreDNS below 2 pods`;
}

/** What `/etc/resolv.conf` is for CoreDNS, to which its Corefile forwards, is said by its pods. */
function asksElsewhere(now: Deployment, before: Deployment | undefined): string | undefined {
  return before === undefined || equal(resolverOf(now), resolverOf(before))
    ? undefined
    : 'the pods of deployment/coredns have another /etc/resolv.conf now, and forward names outside the cluster to the servers in it';
}

/**
 * CoreDNS asks the API server for Services, and others for names outside, whoever they are: a policy that lets it ask some
 * keeps it from the rest. Those that run are connected already, and nobody looks names up whose answers do not come.
 */
async function whoSilences(lab: LabView, { metadata, spec }: Deployment): Promise<string | undefined> {
  const { namespace = '' } = metadata;
  const about = (await lab.kube.list(resources.networkPolicies, { namespace })).filter(
    ({ spec: { podSelector, policyTypes } }) =>
      policyTypes.includes('Egress') && matchesSelector(podSelector, spec.template.metadata?.labels),
  );
  const isOpen = about.some(({ spec: { egress = [] } }) =>
    egress.some(({ to = [], ports = [] }) => ports.length === 0 && (to.length === 0 || to.some(isAnybody))),
  );
  const [policy] = isOpen ? [] : about;
  return policy && `networkpolicy/${policy.metadata.name} keeps CoreDNS from asking others`;
}

/** Pods of a lab have IPv4 addresses, and so has whom they ask. */
const isAnybody = ({ ipBlock }: NetworkPolicyPeer): boolean =>
  ipBlock?.cidr === '0.0.0.0/0' && (ipBlock.except ?? []).length === 0;

/** https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy */
function resolverOf({ spec }: Deployment): unknown {
  const { dnsPolicy, dnsConfig, hostNetwork = false, containers } = spec.template.spec;
  const files = (containers[0]?.volumeMounts ?? []).filter(({ mountPath }) =>
    /^\/etc(\/resolv\.conf)?\/?$/.test(mountPath),
  );
  const ofNode = hostNetwork && dnsPolicy === 'ClusterFirst';
  return [ofNode ? 'Default' : dnsPolicy, dnsConfig?.nameservers ?? [], files];
}

/** Whom a Corefile forwards names to that are nothing of the cluster's. */
const outsideOf = (blocks: readonly ServerBlock[]): string[] =>
  forwardsOf(blocks)
    .filter(({ zones }) => zones.includes('.'))
    .flatMap(({ to }) => to);

/** All names outside go to whom they went, but those of zones of their own; and nothing goes to a pod, which is another tomorrow. */
async function whoIsAskedWrongly(lab: LabView, blocks: readonly ServerBlock[]): Promise<string | undefined> {
  const { data } = lab.baseline.get<ConfigMap>(resources.configMaps, 'kube-system', 'coredns') ?? {};
  const before = data?.['Corefile'];
  const known = before === undefined ? undefined : outsideOf(serverBlocks(before)).map(serverIn);
  const other = outsideOf(blocks).find((to) => known?.includes(serverIn(to)) === false);
  if (other !== undefined) return `the Corefile forwards names outside the cluster to ${other} now`;
  const pods = await podAddresses(lab);
  const pod = forwardsOf(blocks)
    .flatMap(({ to }) => to)
    .find((to) => pods.includes(addressIn(to) ?? ''));
  return pod === undefined ? undefined : `the Corefile forwards to ${pod}, which is the address of a pod`;
}

/**
 * What the kubelet asks to find out whether CoreDNS lives: something that CoreDNS does not answer has it restarted again and
 * again, a minute after each start, later than anybody looks. And whether it is ready: asked nothing, or something else, it gets
 * questions before it can answer them. How often is asked is of no importance.
 */
const PROBES = ['livenessProbe', 'readinessProbe'] as const;

function askedBy(probe: (typeof PROBES)[number], now: Deployment, before: Deployment): [unknown, unknown] {
  const question = ({ spec }: Deployment): unknown => {
    const { httpGet, tcpSocket, exec, grpc } = spec.template.spec.containers[0]?.[probe] ?? {};
    return { httpGet, tcpSocket, exec, grpc };
  };
  return [question(now), question(before)];
}

async function judgeKubeDns(lab: LabView, deployment: Deployment): Promise<Observation> {
  const { current } = await podsOf(lab, deployment);
  const own = new Set(current.filter(isPodReady).map(({ status }) => status.podIP));
  const served = await readyAddresses(lab, 'kube-system', 'kube-dns');
  const foreign = [...served].filter((address) => !own.has(address));
  if (foreign.length > 0) return fail('service/kube-dns leads to pods that are not CoreDNS');
  const now = await lab.kube.get(resources.services, 'kube-system', 'kube-dns');
  if (now === undefined) return fail('service/kube-dns does not exist');
  const changed = whatChanged(lab, now);
  if (changed !== undefined) return fail(`${changed} of service/kube-dns changed`);
  const stale = whyNotFollowed(now, await slicesOf(lab, 'kube-system', 'kube-dns'), deployment);
  if (stale !== undefined) return fail(stale);
  return served.size >= 2
    ? pass(`service/kube-dns leads to ${served.size} ready pods of CoreDNS`)
    : fail(`service/kube-dns leads to ${served.size} ready pods of CoreDNS`);
}

/**
 * Over UDP and TCP, from every node, and to pods that are ready: few clients notice today where kube-dns has become less,
 * and nobody what it leads to while CoreDNS is rolled out.
 */
function whatChanged(lab: LabView, now: Service): string | undefined {
  const before = lab.baseline.get(resources.services, 'kube-system', 'kube-dns');
  if (before === undefined) return undefined;
  const ways = ({ spec }: Service): string[] =>
    (spec.ports ?? []).map(({ port, protocol, targetPort }) => canonical([port, protocol, targetPort]));
  if (ways(before).some((way) => !ways(now).includes(way))) return 'a port';
  if (before.spec.internalTrafficPolicy !== now.spec.internalTrafficPolicy) return 'internalTrafficPolicy';
  const { publishNotReadyAddresses = false } = now.spec;
  return publishNotReadyAddresses === (before.spec.publishNotReadyAddresses ?? false)
    ? undefined
    : 'publishNotReadyAddresses';
}
