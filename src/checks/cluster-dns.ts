import { canonical, equal } from '../core/json.ts';
import type { ConfigMap, Deployment, Service } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { all, type Check, fail, hold, type LabView, type Observation, pass } from './check.ts';
import type { ClientRef } from './client-pod.ts';
import { readyAddresses, slicesOf } from './endpoints.ts';
import { createService, ELSEWHERE, UNTIL_KNOWN } from './fresh-service.ts';
import { dns } from './traffic.ts';
import { isReady, podsOf, selectedPods, whyNotFollowed } from './workloads.ts';

/**
 * Names of Services that are made while this is graded resolve to their own addresses: one with a ClusterIP, one
 * headless, and one of another namespace. Static records cannot know them.
 */
export function freshServicesResolve(from: ClientRef, windowMs: number, settleMs: number): Check {
  return {
    expected: `${from.app} resolves Services that are only being made now, for ${windowMs / 1000} s`,
    disturbs: 'three Services for a while',
    look: () => Promise.resolve(pass('proven with Services made while grading')),
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
  return [plain.spec.clusterIP ?? '', pods.find(isReady)?.status.podIP ?? 'no ready pod'];
}

/** What a cluster's DNS must have, whatever else is in its Corefile. */
const NEEDED = ['kubernetes', 'forward', 'cache', 'health', 'ready'];

/**
 * CoreDNS is whole: its Corefile has what every cluster needs, for all namespaces and for addresses, and forwards all
 * that it does not know; it is asked for its life as before, and answers there; kube-dns leads to its pods and to
 * nothing else, on the ports of before and from every node.
 */
export function clusterDnsWhole(): Check {
  return {
    expected: `CoreDNS keeps ${NEEDED.join(', ')}, and service/kube-dns leads to at least 2 of its pods and to nothing else`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, 'kube-system', 'coredns');
      if (deployment === undefined) return fail('deployment/coredns does not exist');
      const before = lab.baseline.get(resources.deployments, 'kube-system', 'coredns');
      if (before !== undefined && !equal(livenessOf(deployment), livenessOf(before)))
        return fail('the livenessProbe of deployment/coredns asks something else than before');
      const { map, key } = mountedCorefile(deployment);
      const corefile = (await lab.kube.get<ConfigMap>(resources.configMaps, 'kube-system', map))?.data?.[key];
      if (corefile === undefined) return fail(`configmap/${map} has no Corefile`);
      const blocks = serverBlocks(corefile);
      const main = mainOf(blocks);
      const missing = NEEDED.filter((plugin) => !new RegExp(`^\\s*${plugin}\\b`, 'm').test(main));
      if (missing.length > 0) return fail(`the Corefile lacks ${missing.join(', ')}`);
      if (!/^\s*forward\s+\.\s/m.test(main)) return fail('the Corefile forwards only some names');
      if (!blocks.some(answersReverse))
        return fail('the Corefile knows no addresses (in-addr.arpa) any more');
      if (/^\s*(namespaces|labels|namespace_labels|noendpoints)\b/m.test(main)) {
        return fail('the Corefile knows only some namespaces or Services');
      }
      if (!healthIsAsked(main)) return fail('health answers where the livenessProbe does not ask');
      return judgeKubeDns(lab, deployment);
    },
  };
}

/**
 * What the kubelet asks to find out whether CoreDNS lives. Something that CoreDNS does not answer has it restarted
 * again and again, a minute after each start: later than anybody looks. How often is asked is of no importance.
 */
function livenessOf({ spec }: Deployment): unknown {
  const { httpGet, tcpSocket, exec, grpc } = spec.template.spec.containers[0]?.livenessProbe ?? {};
  return { httpGet, tcpSocket, exec, grpc };
}

/** Whether `health` listens where it does by itself, on all addresses: there the kubelet asks. */
const healthIsAsked = (main: string): boolean =>
  /^\s*health[ \t]*((0\.0\.0\.0|\[::\])?:8080[ \t]*)?(\{|$)/m.test(main);

/** The ConfigMap that CoreDNS reads, and its key there: another one may have been mounted in its place. */
export function mountedCorefile({ spec }: Deployment): { map: string; key: string } {
  const [source] = (spec.template.spec.volumes ?? []).flatMap(({ configMap }) => configMap ?? []);
  const item = source?.items?.find(({ path }) => path === 'Corefile');
  return { map: source?.name ?? 'coredns', key: item?.key ?? 'Corefile' };
}

interface ServerBlock {
  readonly zones: readonly string[];
  readonly inside: string;
}

function serverBlocks(corefile: string): ServerBlock[] {
  const plain = corefile.replaceAll(/#.*$/gm, '');
  const blocks: ServerBlock[] = [];
  let depth = 0;
  let start = 0;
  let zones: string[] = [];
  for (let index = 0; index < plain.length; index++) {
    if (plain[index] === '{' && depth++ === 0) {
      const named = plain
        .slice(start, index)
        .trim()
        .split(/[\s,]+/);
      zones = named.map((zone) => zone.replace(/^dns:\/\//, '').replace(/:53$/, ''));
      start = index + 1;
    } else if (plain[index] === '}' && --depth === 0) {
      blocks.push({ zones, inside: plain.slice(start, index) });
      start = index + 1;
    }
  }
  return blocks;
}

/** The inside of the server blocks that answer for the whole cluster; a stub domain's cache is not the cluster's. */
const mainOf = (blocks: readonly ServerBlock[]): string =>
  blocks
    .filter(({ zones }) => zones.some((zone) => /^(\.|cluster\.local\.?)$/.test(zone)))
    .map(({ inside }) => inside)
    .join('\n');

/** Whether it finds the names of addresses in the cluster. The plugin takes the zones of its block if it names none. */
function answersReverse({ zones, inside }: ServerBlock): boolean {
  const named = /^\s*kubernetes\b([^{\n]*)/m.exec(inside)?.[1]?.trim();
  if (named === undefined) return false;
  const own = named === '' ? zones : named.split(/\s+/);
  // A network (10.0.0.0/8) stands for its reverse zones.
  return own.some((zone) => zone === '.' || /(^|\.)in-addr\.arpa\.?$|^[\d.]+\/\d+$/.test(zone));
}

async function judgeKubeDns(lab: LabView, deployment: Deployment): Promise<Observation> {
  const { current } = await podsOf(lab, deployment);
  const own = new Set(current.filter(isReady).map(({ status }) => status.podIP));
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
    ? pass(`${served.size} pods of CoreDNS serve`)
    : fail(`${served.size} pods of CoreDNS serve`);
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
