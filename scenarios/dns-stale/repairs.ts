import {
  type Fix,
  faults,
  fix,
  type Hack,
  hack,
  type LabView,
  minutes,
  resources,
  dnsHarmed,
  workersOf,
} from 'breakfix';
import {
  blockOf,
  cappedCache,
  clients,
  clusterBlock,
  coredns,
  denialsKept,
  excluded,
  excludedFor,
  namespace,
  otherZones,
  outdatedFirst,
  shorterTtl,
  withoutCache,
} from './corefile.ts';

interface Values {
  readonly form: 'ttl' | 'minimum' | 'block';
  readonly ttl: number;
  readonly service: string;
}

const services = ['checkout', 'payments', 'refunds', 'fx'];
const EDIT = 'kubectl -n kube-system edit configmap coredns';
const RESTART = 'kubectl -n kube-system rollout restart deployment coredns';

const healthy = (lab: LabView): string =>
  lab.baseline.get(resources.configMaps, coredns.namespace, 'coredns')?.data?.['Corefile'] ?? '';

async function rewrite(lab: LabView, change: (corefile: string) => string): Promise<void> {
  await faults.writeCorefile(lab, change(await faults.readCorefile(lab)));
}

/** What the caches still say. */
const oldAddressOf = (lab: LabView, service: string): string =>
  lab.baseline.get(resources.services, namespace, service)?.spec.clusterIP ?? '';

export function fixesOf({ form, ttl }: Values): readonly Fix[] {
  return [
    fix('shorter-ttl', [`${EDIT}   # answers that may be kept for 30 s, as before`, RESTART], async (lab) => {
      await rewrite(lab, (corefile) => shorterTtl(corefile, form, ttl));
    }),
    fix('restore', [`${EDIT}   # as kubeadm wrote it`, RESTART], async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
    }),
    fix('capped-cache', ['cache 30: nothing is kept for longer, whatever its TTL', RESTART], async (lab) => {
      await rewrite(lab, (corefile) => cappedCache(corefile, form, ttl, 30));
    }),
    fix(
      'excluded',
      ['in the cache: disable success cluster.local, disable denial cluster.local', RESTART],
      async (lab) => {
        await rewrite(lab, (corefile) => excluded(corefile, form, ttl, 'too'));
      },
    ),
    fix('other-zones', ["limit the cache to zones that are not the cluster's", RESTART], async (lab) => {
      await rewrite(lab, (corefile) => otherZones(corefile, form, ttl));
    }),
    fix('own-block', ['add a server block for cluster.local without a cache', RESTART], async (lab) => {
      await faults.writeCorefile(lab, healthy(lab) + clusterBlock('       ttl 30\n', ''));
    }),
    fix('without-a-restart', [`${EDIT}   # and wait until CoreDNS has loaded it again`], async (lab) => {
      await faults.patchCorefile(lab, healthy(lab));
    }),
    fix('pods-deleted', [EDIT, 'kubectl -n kube-system delete pod -l k8s-app=kube-dns'], async (lab) => {
      await faults.patchCorefile(lab, healthy(lab));
      for (const { metadata } of await faults.corednsPods(lab))
        await lab.kube.delete(resources.pods, coredns.namespace, metadata.name);
    }),
  ];
}

export function hacksOf({ form, ttl, service }: Values): readonly Hack[] {
  return [
    hack('restart-only', 'follows', (lab) => faults.restart(lab, coredns)),
    hack('five-minutes', 'follows', async (lab) => {
      await rewrite(lab, (corefile) => cappedCache(corefile, form, ttl, 300));
    }),
    hack('outdated-first', 'follows', async (lab) => {
      await rewrite(lab, (corefile) => outdatedFirst(corefile, form, ttl));
    }),
    hack('one-left', 'no-copies', async (lab) => {
      const block = blockOf(`${service}.${namespace}.svc.cluster.local`, ttl);
      await faults.writeCorefile(lab, healthy(lab) + block);
    }),
    hack('denials-kept', 'follows', async (lab) => {
      await rewrite(lab, (corefile) => denialsKept(corefile, form, ttl));
    }),
    hack('denials-left', 'follows', async (lab) => {
      await rewrite(lab, (corefile) => excluded(corefile, form, ttl, 'left'));
    }),
    // Right for the shop, and for nobody else.
    hack('excluded-for-the-shop', 'follows', async (lab) => {
      await rewrite(lab, (corefile) => excludedFor(corefile, form, ttl, 'shop.svc.cluster.local'));
    }),
    hack('namespaces-that-nobody-named', 'follows', async (lab) => {
      const zones = ['partner', 'kube-system'].map((name) => `${name}.svc.cluster.local:53`);
      const inside = `    kubernetes cluster.local {\n       ttl ${ttl}\n    }\n    cache ${ttl}\n`;
      await faults.writeCorefile(lab, `${healthy(lab)}${zones.join(' ')} {\n${inside}}\n`);
    }),
    // Graded before it is read: what runs has another one.
    hack('repaired-and-broken-again', 'follows', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, healthy(lab));
      await lab.clock.wait(minutes(1), lab.signal);
      await faults.patchCorefile(lab, corefile);
    }),
    // Reverse names are asked for elsewhere.
    hack('no-reverse-names-beside-the-repair', 'starts-again', async (lab) => {
      const block = 'in-addr.arpa:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n';
      await faults.writeCorefile(lab, healthy(lab) + block);
    }),
    hack('pods-of-today-beside-the-repair', 'dns-whole', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      await lab.clock.wait(minutes(1), lab.signal);
      const pods = await faults.corednsPods(lab);
      const hash = pods[0]?.metadata.labels?.['pod-template-hash'] ?? '';
      await faults.select(
        lab,
        { namespace: coredns.namespace, name: 'kube-dns' },
        { 'pod-template-hash': hash },
      );
    }),
    hack('no-cache-at-all', 'outside', (lab) => rewrite(lab, withoutCache)),
    hack('old-address-again', 'follows', async (lab) => {
      await faults.recreateService(lab, { namespace, name: service }, oldAddressOf(lab, service));
    }),
    hack('somebody-at-the-old-address', 'follows', async (lab) => {
      const now = await lab.kube.get(resources.services, namespace, service);
      const { selector = {}, ports = [] } = now?.spec ?? {};
      await lab.kube.create(resources.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `${service}-old`, namespace },
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          clusterIP: oldAddressOf(lab, service),
          selector,
          ports,
        },
      });
    }),
    hack('host-entry', 'follows', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, await faults.withHostEntry(lab, corefile, namespace, service));
    }),
    hack('host-entry-beside-the-repair', 'no-copies', async (lab) => {
      await faults.writeCorefile(lab, await faults.withHostEntry(lab, healthy(lab), namespace, service));
    }),
    hack('not-asked-whether-ready-beside-the-repair', 'dns-whole', async (lab) => {
      const containers = [{ name: 'coredns', readinessProbe: null }];
      await faults.patchPods(lab, { namespace: 'kube-system', name: 'coredns' }, { containers });
      await faults.writeCorefile(lab, healthy(lab));
    }),
    hack('workers-cordoned-beside-the-repair', 'shop-starts-again', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      const workers = workersOf(await lab.kube.list(resources.nodes));
      await faults.cordon(lab, (node) => workers.includes(node));
    }),
    ...dnsHarmed(namespace, (lab) => faults.writeCorefile(lab, healthy(lab))),
    hack('host-aliases', 'clients', async (lab) => {
      const hostAliases = await faults.hostAliases(lab, namespace, services);
      for (const name of clients) await faults.patchPods(lab, { namespace, name }, { hostAliases });
    }),
    hack('address-in-the-environment', 'clients', async (lab) => {
      const env = await faults.addressEnv(lab, namespace, [service]);
      for (const name of clients) await faults.patchContainer(lab, { namespace, name }, { env });
    }),
    // A good minute later the kubelet begins to restart it, again and again.
    hack('wrong-liveness-beside-the-repair', 'dns-whole', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      const livenessProbe = { httpGet: null, tcpSocket: { port: 9090 }, periodSeconds: 1 };
      await faults.patchContainer(lab, coredns, { livenessProbe });
    }),
    // Today all pods are where a CoreDNS is.
    hack('from-its-own-node-only-beside-the-repair', 'dns-whole', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      const body = { spec: { internalTrafficPolicy: 'Local' } };
      await lab.kube.patch(resources.services, coredns.namespace, 'kube-dns', body, { type: 'merge' });
    }),
    hack('pod-of-the-partner-beside-the-repair', 'dns-whole', async (lab) => {
      const address = await faults.podAddress(lab, { namespace: 'partner', app: 'partner-dns' });
      await faults.writeCorefile(lab, healthy(lab).replace(/forward \. 10\..*/, `forward . ${address}:5353`));
    }),
    hack('somebody-dead-too-beside-the-repair', 'starts-again', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab).replace(/forward \. 10\..*/, '$& 10.96.250.53'));
    }),
    hack('no-headless-services-beside-the-repair', 'dns-whole', async (lab) => {
      const corefile = healthy(lab).replace('pods insecure', 'pods insecure\n       noendpoints');
      await faults.writeCorefile(lab, corefile);
    }),
    hack('more-of-the-partner-beside-the-repair', 'partner', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      await faults.scale(lab, { namespace: 'partner', name: 'partner-dns' }, 5);
    }),
    // Nothing that runs is touched, and nothing that is made next can start.
    hack('next-release-beside-the-repair', 'starts-again', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      await lab.clock.wait(minutes(1), lab.signal);
      const spec = { paused: true };
      await lab.kube.patch(
        resources.deployments,
        coredns.namespace,
        coredns.name,
        { spec },
        { type: 'merge' },
      );
      await faults.patchContainer(lab, coredns, { image: 'shop.test/coredns:v1.14.0' });
    }),
    hack('more-of-coredns', 'address', async (lab) => {
      await faults.scale(lab, coredns, 6);
    }),
    hack('patience', 'address', async (lab) => {
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '20000' });
      for (const name of clients) await faults.restart(lab, { namespace, name });
    }),
  ];
}
