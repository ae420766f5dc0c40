import {
  type Fix,
  faults,
  fix,
  type Hack,
  hack,
  type LabView,
  minutes,
  type Partner,
  resources,
  dnsHarmed,
} from 'breakfix';
import {
  clients,
  clusterForADay,
  type Form,
  inMainBlock,
  mended,
  namespace,
  partnerOf,
  system,
} from './corefile.ts';

interface Values {
  readonly form: Form;
  readonly partner: Partner;
  readonly delayMs: number;
}

const EDIT = 'kubectl -n kube-system edit configmap coredns';
const RESTART = 'kubectl -n kube-system rollout restart deployment coredns';
const A_DAY = ['cache {', '   success 9984 86400 86400', '}'];

const healthy = (lab: LabView): string =>
  lab.baseline.get(resources.configMaps, system, 'coredns')?.data?.['Corefile'] ?? '';

async function rewrite(lab: LabView, change: (corefile: string) => string): Promise<void> {
  await faults.writeCorefile(lab, change(await faults.readCorefile(lab)));
}

const patchFx = (lab: LabView, spec: object) => faults.patchPods(lab, { namespace, name: 'fx' }, spec);

async function ratesUrl(lab: LabView, value: string): Promise<void> {
  await faults.patchContainer(lab, { namespace, name: 'fx' }, { env: [{ name: 'RATES_URL', value }] });
}

export function fixesOf(values: Values): readonly Fix[] {
  const { form } = values;
  const partner = partnerOf(values);
  const { zone } = partner;
  /** Other lines in the partner's server block. */
  const lines = (id: string, text: readonly string[]): Fix =>
    fix(
      id,
      [`${EDIT}   # in the block of ${zone}: ${text.map((line) => line.trim()).join(' ')}`, RESTART],
      (lab) => rewrite(lab, (corefile) => mended(corefile, partner, form, text)),
    );
  return [
    lines('cache-again', ['cache 30']),
    lines('no-cap', ['cache']),
    lines('up-to-an-hour', ['cache 3600']),
    lines('prefetched', ['cache 60 {', '   prefetch 5 1m 20%', '}']),
    lines('at-least-a-minute', ['cache {', '   success 5000 90 60', '   denial 5000 30', '}']),
    lines('stale-for-a-moment', ['cache 30 {', '   serve_stale 30s verify', '}']),
    fix(
      'in-the-main-block',
      ['forward that zone from the main server block, which has a cache', RESTART],
      (lab) => rewrite(lab, (corefile) => inMainBlock(corefile, partner, form)),
    ),
    fix('without-a-restart', [`${EDIT}   # and wait until CoreDNS has loaded it again`], (lab) =>
      faults.patchCorefile(lab, healthy(lab)),
    ),
    fix(
      'restore-and-cache-the-cluster',
      ['cache 30 in every server block, cluster.local included', RESTART],
      (lab) =>
        faults.writeCorefile(lab, healthy(lab).replace(/cache 30 \{\n( {7}disable .*\n)+ {4}\}/, 'cache 30')),
    ),
    fix(
      'caching-server',
      ['put a caching name server of our own in front of the partner', RESTART],
      async (lab) => {
        await cachingServer(lab, partner.server);
        await rewrite(lab, (corefile) =>
          corefile.replace(`forward . ${partner.server}`, `forward . ${CACHING_SERVER}`),
        );
      },
    ),
    fix(
      'partner-in-reserve',
      [
        'the same; if our server does not answer, CoreDNS asks the partner itself (policy sequential)',
        RESTART,
      ],
      async (lab) => {
        await cachingServer(lab, partner.server);
        const both = `forward . ${CACHING_SERVER} ${partner.server} {\n       policy sequential\n    }`;
        await rewrite(lab, (corefile) => corefile.replace(`forward . ${partner.server}`, both));
      },
    ),
  ];
}

export function hacksOf(values: Values): readonly Hack[] {
  const { form } = values;
  const partner = partnerOf(values);
  const { zone } = partner;
  const host = ['hosts {', `   ${partner.address} ${partner.name}`, '   fallthrough', '}'];
  const lines = (id: string, caughtBy: string, text: readonly string[]): Hack =>
    hack(id, caughtBy, (lab) => rewrite(lab, (corefile) => mended(corefile, partner, form, text)));
  return [
    lines('for-a-day', 'partner-moves', A_DAY),
    lines('outdated-first', 'partner-moves', ['cache 30 {', '   serve_stale 1h', '}']),
    hack('everything-for-a-day', 'follows', (lab) =>
      rewrite(lab, (corefile) => clusterForADay(mended(corefile, partner, form, ['cache 30']))),
    ),
    lines('denials-for-a-day', 'partner-moves', [
      'cache {',
      '   success 9984 30',
      '   denial 9984 86400 86400',
      '}',
    ]),
    // The partner's zone is right, and the one host that everybody asks for is kept for a day.
    hack('one-host-for-a-day-beside-the-repair', 'partner-moves', (lab) =>
      rewrite(lab, (corefile) => {
        const block = [`${partner.name}:53 {`, ...A_DAY, `forward . ${partner.server}`, '}', ''];
        return mended(corefile, partner, form, ['cache 30']) + block.join('\n');
      }),
    ),
    // Clients ask for IPv6 addresses too.
    lines('no-denials', 'upstream', ['cache 30 {', '   disable denial', '}']),
    // Graded before it is read: what runs has another one.
    hack('for-a-day-not-read-yet', 'partner-moves', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, mended(corefile, partner, form, ['cache 30']));
      await lab.clock.wait(minutes(1), lab.signal);
      await faults.patchCorefile(lab, mended(corefile, partner, form, A_DAY));
    }),
    hack('no-selector-beside-the-repair', 'dns-whole', async (lab) => {
      await faults.writeCorefile(lab, healthy(lab));
      await lab.clock.wait(minutes(1), lab.signal);
      await faults.select(lab, { namespace: system, name: 'kube-dns' }, null);
    }),
    hack('somebody-dead-too', 'starts-again', (lab) =>
      rewrite(lab, (corefile) =>
        mended(corefile, partner, form, ['cache 30']).replace(
          partner.server,
          `${partner.server} 10.96.250.53`,
        ),
      ),
    ),
    hack('pod-of-the-partner', 'dns-whole', async (lab) => {
      const address = await faults.podAddress(lab, { namespace: 'partner', app: 'partner-dns' });
      await rewrite(lab, (corefile) =>
        mended(corefile, partner, form, ['cache 30']).replace(partner.server, `${address}:5353`),
      );
    }),
    lines('for-a-second', 'quick', ['cache 1']),
    lines('denials-only', 'upstream', ['cache 30 {', '   disable success', '   denial 9984 60', '}']),
    lines('one-host', 'upstream', host),
    lines('one-host-beside-the-repair', 'no-copies', ['cache 30', ...host]),
    lines('answers-of-our-own', 'upstream', [
      `template IN A ${zone} {`,
      `   answer "{{ .Name }} 60 IN A ${partner.others}"`,
      '}',
    ]),
    hack('restart-everything', 'upstream', async (lab) => {
      await faults.restart(lab, { namespace: system, name: 'coredns' });
      await faults.restart(lab, { namespace, name: 'fx' });
    }),
    ...dnsHarmed(namespace, (lab) =>
      rewrite(lab, (corefile) => mended(corefile, partner, form, ['cache 30'])),
    ),
    hack('more-of-everything', 'upstream', async (lab) => {
      await faults.scale(lab, { namespace: system, name: 'coredns' }, 4);
      await faults.scale(lab, { namespace, name: 'fx' }, 4);
    }),
    hack('patience', 'quick', async (lab) => {
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '10000' });
      for (const name of clients) await faults.restart(lab, { namespace, name });
    }),
    hack('host-aliases', 'clients', (lab) =>
      patchFx(lab, { hostAliases: [{ ip: partner.address, hostnames: [partner.name] }] }),
    ),
    hack('address-in-the-environment', 'clients', (lab) => ratesUrl(lab, `http://${partner.address}`)),
    hack('no-rates', 'clients', (lab) => ratesUrl(lab, '')),
    hack('ask-less-patiently', 'clients', (lab) =>
      patchFx(lab, { dnsConfig: { options: [{ name: 'timeout', value: '1' }] } }),
    ),
    hack('quicker-partner', 'partner', async (lab) => {
      const env = ['DNS_DELAY_MS', 'DNS_JITTER_MS'].map((name) => ({ name, value: '0' }));
      await faults.patchContainer(lab, { namespace: 'partner', name: 'partner-dns' }, { env });
    }),
    hack('their-service-too', 'partner', async (lab) => {
      const body = { spec: { sessionAffinity: 'ClientIP' } };
      await lab.kube.patch(resources.services, 'partner', 'partner-dns', body, { type: 'merge' });
      await faults.writeCorefile(lab, healthy(lab));
    }),
    hack('a-policy-of-theirs', 'partner', async (lab) => {
      await lab.kube.create(resources.networkPolicies, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'open', namespace: 'partner' },
        spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
      });
      await faults.writeCorefile(lab, healthy(lab));
    }),
    hack('cluster-cache-gone-too', 'dns-whole', (lab) =>
      faults.writeCorefile(lab, healthy(lab).replace(/ {4}cache 30 \{\n( {7}disable .*\n)+ {4}\}\n/, '')),
    ),
  ];
}

const CACHING_SERVER = '10.96.0.15';

/** CoreDNS once more, as a cache in front of another server. */
async function cachingServer(lab: LabView, upstream: string): Promise<void> {
  const real = await lab.kube.get(resources.deployments, system, 'coredns');
  if (real === undefined) return;
  const metadata = { name: 'partner-cache', namespace: system };
  const labels = { app: metadata.name };
  const Corefile = `.:53 {\n    errors\n    health\n    ready\n    cache 30\n    forward . ${upstream}\n    reload\n}\n`;
  await lab.kube.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { Corefile },
  });
  const volumes = [
    {
      name: 'config-volume',
      configMap: { name: metadata.name, items: [{ key: 'Corefile', path: 'Corefile' }] },
    },
  ];
  await lab.kube.create(resources.deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      ...real.spec,
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...real.spec.template.spec, volumes } },
    },
  });
  await lab.kube.create(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      clusterIP: CACHING_SERVER,
      selector: labels,
      ports: [
        { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, targetPort: 53, protocol: 'TCP' },
      ],
    },
  });
}
