import { corednsPods } from '../kube/cluster-dns.ts';
import type { Pod } from '../model/objects.ts';
import { isPodReady } from '../model/pod-ready.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, type Observation, pass, patient, unjudged } from './check.ts';
import type { ClientRef } from './client-pod.ts';
import { type Clone, probeClone, until, withClone } from './clones.ts';
import { neverReady } from './never-ready.ts';
import type { WorkloadRef } from './workloads.ts';

/** How long running pods may take to read a configuration that has just been written, in milliseconds. */
const SERVED_WITHIN = 180_000;
/** How long a pod may take to come up where its program is on the node, in milliseconds. */
const STARTS_WITHIN = 60_000;

/** A namespace that every cluster has, and that people forget when they write a list of those who are let in. */
const ANYWHERE = 'kube-public';

/** What a pod of nobody sees: its arguments are those of the shop's probe program. */
type Probe = (args: readonly string[]) => Promise<Observation>;

type Proof = (probe: Probe, kubeDns: string, lab: LabView) => Promise<Observation>;

/**
 * Every new pod of the cluster resolves names: one in another namespace, with no labels that anybody knows, asks with the DNS
 * settings that the cluster gives it, and may ask over TCP what does not fit into a datagram.
 * @param like whose image it has
 * @param namespace where it is
 * @param closed whom it must not reach: `host:port`
 */
export function servesEverybody(
  like: ClientRef,
  namespace = ANYWHERE,
  closed: readonly string[] = [],
): Check {
  const kept = closed.length === 0 ? '' : `, and does not reach ${closed.join(' or ')}`;
  return asNobody(like, namespace, `resolves names${kept}`, SERVED_WITHIN, async (probe, kubeDns) => {
    const found = await probe(['dns', 'kube-dns.kube-system', '--contains', kubeDns]);
    if (found.status !== 'pass') return found;
    const connected = await probe(['tcp', `${kubeDns}:53`]);
    if (connected.status !== 'pass') return connected;
    return reachesNone(
      probe,
      closed.map((address) => ['tcp', address]),
    );
  });
}

/** A pod of a namespace, with no labels that anybody knows, does not reach CoreDNS, on any port that its containers name. */
export function servesNobodyOf(like: ClientRef, namespace: string): Check {
  return asNobody(like, namespace, 'does not reach CoreDNS', STARTS_WITHIN, async (probe, kubeDns, lab) => {
    // One is like the others: policies go by labels.
    const [pod] = (await corednsPods(lab.kube)).filter(isPodReady);
    return reachesNone(probe, [
      ['ask', kubeDns],
      ['tcp', `${kubeDns}:53`],
      ...listening(pod).map((address) => ['tcp', address]),
    ]);
  });
}

/** Where a pod's containers say that they listen for TCP. */
const listening = (pod: Pod | undefined): string[] =>
  (pod?.spec.containers ?? [])
    .flatMap(({ ports = [] }) => ports)
    .filter(({ protocol }) => protocol === 'TCP')
    .map(({ containerPort }) => `${pod?.status.podIP}:${containerPort}`);

async function reachesNone(probe: Probe, targets: readonly (readonly string[])[]): Promise<Observation> {
  for (const [kind = '', address = ''] of targets) {
    const seen = await probe([kind, address, '--timeout', '2000ms']);
    if (seen.status === 'pass') return fail(`it reaches ${address}${kind === 'ask' ? ' (UDP)' : ''}`);
    if (seen.status === 'error') return seen;
  }
  return pass('it reaches nobody whom it must not reach');
}

function asNobody(like: ClientRef, namespace: string, does: string, withinMs: number, prove: Proof): Check {
  return {
    expected: `a new pod in namespace ${namespace} ${does}`,
    disturbs: `a pod in namespace ${namespace}`,
    look: () => Promise.resolve(pass('proven with a pod that is created during grading')),
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
        const found = await until(lab, patient(lab, withinMs), async () => {
          seen = await asked(lab, of, clone, prove);
          return seen.status !== 'fail';
        });
        return found ? seen : fail(`a new pod in namespace ${namespace}: ${seen.seen}`);
      });
    },
  };
}

async function asked(lab: LabView, of: WorkloadRef, clone: Clone, prove: Proof): Promise<Observation> {
  const pod = await lab.kube.get(resources.pods, clone.namespace, clone.name);
  if (pod === undefined || !isPodReady(pod)) return neverReady(lab, of, clone);
  const kubeDns = await lab.kube.get(resources.services, 'kube-system', 'kube-dns');
  if (kubeDns === undefined) return fail('service/kube-dns does not exist');
  return prove((args) => probeClone(lab, of, clone, args), kubeDns.spec.clusterIP ?? '', lab);
}
