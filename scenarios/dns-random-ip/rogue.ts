import { type Fault, faults, resources } from 'breakfix';

export const namespace = 'shop';
export const system = 'kube-system';
export const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];
export const coredns = { namespace: system, name: 'coredns' };

/** Who answers too, how many of them, and what they say of which Service. */
export interface Rogue {
  readonly name: string;
  readonly replicas: number;
  readonly service: string;
  readonly address: string;
}

export const rogueOf = (values: {
  name: string;
  replicas: number;
  service: string;
  last: number;
}): Rogue => ({
  ...values,
  address: `198.18.0.${values.last}`,
});

/** The cluster's Corefile with an answer of its own. */
export function withAnswer(corefile: string, rogue: Rogue, address = rogue.address): string {
  const lines = [
    'template IN A shop.svc.cluster.local {',
    String.raw`    match "^${rogue.service}\.shop\.svc\.cluster\.local\.$"`,
    `    answer "{{ .Name }} 30 IN A ${address}"`,
    '    fallthrough',
    '}',
  ];
  const block = lines.map((line) => `    ${line}\n`).join('');
  return corefile.replace(/^ *kubernetes /m, (line) => block + line);
}

const configMap = (name: string, Corefile: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: system },
  data: { Corefile },
});

/** More servers behind kube-dns: a copy of CoreDNS' Deployment with a Corefile of its own. */
export const moreServers = (rogue: Rogue): Fault => ({
  name: 'dns-servers',
  describe: `${rogue.replicas === 1 ? 'A pod' : `${rogue.replicas} pods`} of deployment/${rogue.name} in kube-system, labelled like CoreDNS, answered ${rogue.address} for ${rogue.service}.`,
  inject: async (lab) => {
    const { name, replicas } = rogue;
    const real = await lab.kube.get(resources.deployments, system, 'coredns');
    if (real === undefined) throw new Error('this cluster has no deployment/coredns');
    const corefile = withAnswer(await faults.readCorefile(lab), rogue);
    await lab.kube.apply(configMap(name, corefile), { manager: 'kubectl-client-side-apply', force: true });
    const labels = { 'k8s-app': 'kube-dns', app: name };
    await lab.kube.create(resources.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: system, labels },
      spec: {
        ...real.spec,
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels },
          spec: {
            ...real.spec.template.spec,
            volumes: [{ name: 'config-volume', configMap: { name } }],
          },
        },
      },
    });
    return async (again) => {
      await again.kube.delete(resources.deployments, system, name);
      await again.kube.delete(resources.configMaps, system, name);
    };
  },
});
