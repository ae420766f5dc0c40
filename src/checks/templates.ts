import type { ConfigMap, Labels } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, pass } from './check.ts';
import { podsOf } from './workloads.ts';

/** What a cluster gives a pod beside its template: the hash of its ReplicaSet, and where its node is. */
const GIVEN = /^(pod-template-hash$|topology\.kubernetes\.io\/)/;

/**
 * Pods of a namespace's Deployments carry the labels of their templates: what was changed on a live pod is gone with
 * the pod.
 * @param options `exactly`: and no others, where something selects by them
 */
export function podsMatchTemplates(namespace: string, { exactly = false } = {}): Check {
  return {
    expected: `pods of ${namespace} have the labels that their Deployments give them${exactly ? ', and no others' : ''}`,
    look: async (lab) => {
      for (const deployment of await lab.kube.list(resources.deployments, { namespace })) {
        const labels = deployment.spec.template.metadata?.labels ?? {};
        const { current } = await podsOf(lab, deployment);
        const other = current.find(({ metadata }) => !hasLabels(metadata.labels ?? {}, labels, exactly));
        if (other !== undefined)
          return fail(`pod/${other.metadata.name} has other labels than the template of its Deployment`);
      }
      return pass('they do');
    },
  };
}

function hasLabels(own: Labels, template: Labels, exactly: boolean): boolean {
  if (Object.entries(template).some(([key, value]) => own[key] !== value)) return false;
  return !exactly || Object.keys(own).every((key) => key in template || GIVEN.test(key));
}

/** Whether a ConfigMap says something. Who tells in a comment what happened has configured nothing. */
const says =
  (what: RegExp) =>
  ({ data }: ConfigMap): boolean =>
    Object.values(data ?? {}).some((text) => what.test(text.replaceAll(/(^|\s)#.*$/gm, '$1')));

/**
 * No ConfigMap of `where` has an address of a Service of `namespace` in it, nor one of `others` (by what has it): such
 * a copy does not follow what it was copied from. One that was there before, of a name server for instance, may stay. With
 * `names`, none of them has the name of such a Service either: what is made for one of them, a cache for instance, says
 * nothing of the others.
 */
export function notWrittenDown(options: {
  readonly namespace: string;
  readonly where: string;
  readonly others?: Readonly<Record<string, string>>;
  readonly names?: boolean;
}): Check {
  const { namespace, where, others = {}, names = false } = options;
  return {
    expected: `no ConfigMap of ${where} contains an address${names ? ' or a name' : ''} of ${[`Services of ${namespace}`, ...Object.keys(others)].join(', ')}`,
    look: async (lab) => {
      const services = await lab.kube.list(resources.services, { namespace });
      const maps = await lab.kube.list<ConfigMap>(resources.configMaps, { namespace: where });
      const before = lab.baseline.list<ConfigMap>(resources.configMaps, where);
      const addresses = [
        ...services.map(({ metadata, spec }) => [`service/${metadata.name}`, spec.clusterIP ?? ''] as const),
        ...Object.entries(others),
      ];
      for (const [whose, address] of addresses) {
        if (!/^\d+\./.test(address)) continue;
        const isCopy = says(new RegExp(`(?<![\\d.])${address.replaceAll('.', '\\.')}(?![\\d.])`));
        const copy = before.some(isCopy) ? undefined : maps.find(isCopy);
        if (copy !== undefined)
          return fail(`configmap/${copy.metadata.name} contains the address of ${whose}`);
      }
      for (const { metadata } of names ? services : []) {
        const named = maps.find(says(new RegExp(`(?<![\\w.-])${metadata.name}\\.${namespace}\\b`)));
        if (named !== undefined)
          return fail(`configmap/${named.metadata.name} contains the name of service/${metadata.name}`);
      }
      return pass('none does');
    },
  };
}
