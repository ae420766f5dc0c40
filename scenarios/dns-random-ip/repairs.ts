import {
  type Fix,
  faults,
  fix,
  type Hack,
  hack,
  type LabView,
  resources,
  seconds,
  dnsHarmed,
} from 'breakfix';
import { clients, coredns, namespace, type Rogue, system, withAnswer } from './rogue.ts';

const services = ['checkout', 'payments', 'ledger', 'refunds', 'fx'];

const patchRogue = (lab: LabView, { name }: Rogue, body: object) =>
  lab.kube.patch(resources.deployments, system, name, body, { type: 'merge' });

const patchKubeDns = (lab: LabView, spec: object) =>
  lab.kube.patch(resources.services, system, 'kube-dns', { spec }, { type: 'merge' });

async function rogueCorefile(lab: LabView, rogue: Rogue, corefile: string): Promise<void> {
  await lab.kube.patch(
    resources.configMaps,
    system,
    rogue.name,
    { data: { Corefile: corefile } },
    { type: 'merge' },
  );
  await faults.restart(lab, { namespace: system, name: rogue.name });
}

async function everyAlias(lab: LabView): Promise<void> {
  const hostAliases = await faults.hostAliases(lab, namespace, services);
  for (const name of clients) await faults.patchPods(lab, { namespace, name }, { hostAliases });
}

export function fixesOf(rogue: Rogue): readonly Fix[] {
  const { name } = rogue;
  return [
    fix('delete', [`kubectl -n kube-system delete deployment ${name}`], async (lab) => {
      await lab.kube.delete(resources.deployments, system, name);
    }),
    fix(
      'delete-and-restart',
      [
        `kubectl -n kube-system delete deployment ${name}`,
        'kubectl -n kube-system rollout restart deployment coredns',
      ],
      async (lab) => {
        await lab.kube.delete(resources.deployments, system, name);
        await faults.restart(lab, coredns);
      },
    ),
    fix(
      'mend-without-a-restart',
      [`kubectl -n kube-system edit configmap ${name}   # remove the template, and wait until it is loaded`],
      async (lab) => {
        const data = { Corefile: await faults.readCorefile(lab) };
        await lab.kube.patch(resources.configMaps, system, name, { data }, { type: 'merge' });
      },
    ),
    fix('scale-down', [`kubectl -n kube-system scale deployment ${name} --replicas 0`], async (lab) => {
      await patchRogue(lab, rogue, { spec: { replicas: 0 } });
    }),
    fix(
      'take-out',
      [
        `kubectl -n kube-system edit deployment ${name}   # in the template, another value for the label k8s-app`,
      ],
      async (lab) => {
        await patchRogue(lab, rogue, { spec: { template: { metadata: { labels: { 'k8s-app': name } } } } });
      },
    ),
    fix(
      'mend',
      [
        `kubectl -n kube-system edit configmap ${name}   # remove the template`,
        `kubectl -n kube-system rollout restart deployment ${name}`,
      ],
      async (lab) => {
        await rogueCorefile(lab, rogue, await faults.readCorefile(lab));
      },
    ),
    fix('same-configuration', [`let deployment ${name} read configmap coredns as well`], async (lab) => {
      await lab.kube.patch(
        resources.deployments,
        system,
        name,
        [{ op: 'replace', path: '/spec/template/spec/volumes/0/configMap/name', value: 'coredns' }],
        { type: 'json' },
      );
    }),
  ];
}

export function hacksOf(rogue: Rogue): readonly Hack[] {
  const { name, service } = rogue;
  return [
    hack('delete-pods', 'answers', async (lab) => {
      const pods = await lab.kube.list(resources.pods, {
        namespace: system,
        labelSelector: `app=${name}`,
      });
      for (const { metadata } of pods) await lab.kube.delete(resources.pods, system, metadata.name);
    }),
    hack('right-for-one-type-only', 'servers', async (lab) => {
      const corefile = withAnswer(await faults.readCorefile(lab), rogue);
      await rogueCorefile(
        lab,
        rogue,
        corefile
          .replace('template IN A', 'template IN AAAA')
          .replace(/^ *answer .*$/m, '        rcode NXDOMAIN'),
      );
    }),
    hack('restart-everything', 'answers', async (lab) => {
      await faults.restart(lab, coredns);
      await faults.restart(lab, { namespace, name: 'gateway' });
    }),
    hack('cache-for-an-hour', 'coredns', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(
        lab,
        corefile.replace(/^ *cache 30 \{\n(?: {7,}.*\n)* {4}\}\n/m, '    cache 3600\n'),
      );
    }),
    hack('more-of-coredns', 'answers', async (lab) => {
      await faults.scale(lab, { namespace: system, name: 'coredns' }, 6);
    }),
    hack('ask-again', 'clients', async (lab) => {
      const options = [
        { name: 'attempts', value: '5' },
        { name: 'timeout', value: '1' },
      ];
      for (const client of clients)
        await faults.patchPods(lab, { namespace, name: client }, { dnsConfig: { options } });
    }),
    hack('patience', 'answers', async (lab) => {
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '20000' });
      for (const client of clients) await faults.restart(lab, { namespace, name: client });
    }),
    hack('host-aliases', 'clients', everyAlias),
    hack('selector-of-a-rollout', 'kube-dns', async (lab) => {
      const pods = await faults.corednsPods(lab);
      const own = pods.find(({ metadata }) => metadata.name.startsWith('coredns-'));
      const hash = own?.metadata.labels?.['pod-template-hash'] ?? '';
      await patchKubeDns(lab, { selector: { 'k8s-app': 'kube-dns', 'pod-template-hash': hash } });
    }),
    hack('always-the-same-server', 'kube-dns', async (lab) => {
      await patchKubeDns(lab, { sessionAffinity: 'ClientIP' });
    }),
    hack('server-of-the-node', 'kube-dns', async (lab) => {
      await patchKubeDns(lab, { internalTrafficPolicy: 'Local' });
    }),
    hack('closed-door', 'answers', async (lab) => {
      // Whoever asks there now waits for nothing.
      await lab.kube.apply(
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'closed', namespace: system },
          spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'] },
        },
        { manager: 'kubectl' },
      );
    }),
    hack('labels-of-live-pods', 'lasting', async (lab) => {
      const pods = await lab.kube.list(resources.pods, {
        namespace: system,
        labelSelector: `app=${name}`,
      });
      for (const { metadata } of pods) {
        await lab.kube.patch(
          resources.pods,
          system,
          metadata.name,
          { metadata: { labels: { 'k8s-app': null } } },
          { type: 'merge' },
        );
      }
    }),
    // The next pod of CoreDNS is refused as well as the next of theirs.
    hack('no-more-pods', 'starts-again', async (lab) => {
      const all = await lab.kube.list(resources.pods, { namespace: system });
      // What is ending would leave room for another one of theirs.
      const pods = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const theirs = pods.filter(({ metadata }) => metadata.labels?.['app'] === name);
      await lab.kube.apply(
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'pods', namespace: system },
          spec: { hard: { pods: String(pods.length - theirs.length) } },
        },
        { manager: 'kubectl' },
      );
      await lab.clock.wait(seconds(10), lab.signal);
      for (const { metadata } of theirs) await lab.kube.delete(resources.pods, system, metadata.name);
    }),
    ...dnsHarmed(namespace, async (lab) => {
      await lab.kube.delete(resources.deployments, system, rogue.name);
    }),
    hack('todays-address', 'no-copies', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await rogueCorefile(
        lab,
        rogue,
        withAnswer(corefile, rogue, await faults.addressOf(lab, namespace, service)),
      );
    }),
    hack('one-less', rogue.replicas > 1 ? 'answers' : 'coredns', async (lab) => {
      // With one replica there is nothing to take away but the whole of CoreDNS.
      if (rogue.replicas > 1) await patchRogue(lab, rogue, { spec: { replicas: 1 } });
      else await faults.scale(lab, { namespace: system, name: 'coredns' }, 0);
    }),
  ];
}
