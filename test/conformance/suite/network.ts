import { describe, expect, test } from '@jest/globals';
import type { Manifest } from '../../../src/kube/client.ts';
import { resources } from '../../../src/model/resources.ts';
import { type Ground, shellPod, webServer } from '../ground.ts';

/** Services, names, refusals and time-outs, policies. */
export function networkSuite(ground: () => Ground): void {
  /** A web server of two pods and a client, all ready. */
  const ready = async (...more: readonly Manifest[]): Promise<void> => {
    await ground().apply(...webServer('web', 2), shellPod('client', 'sleep 100000'), ...more);
    await ground().until('two ready endpoints', async () =>
      (await readyEndpoints()).length === 2 ? true : undefined,
    );
    await ground().pod('app=client', 'runs', ({ status }) => status.phase === 'Running');
  };
  const readyEndpoints = async (): Promise<readonly string[]> => {
    const { kube, namespace } = ground();
    const slices = await kube.list(resources.endpointSlices, {
      namespace,
      labelSelector: 'kubernetes.io/service-name=web',
    });
    return slices
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions.ready)
      .flatMap(({ addresses }) => addresses);
  };
  const sh = (script: string) => ground().sh('client', script);
  const policy = (name: string, spec: object): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec,
  });
  /** Policies take a moment to be enforced. */
  const soon = (script: string, expected: RegExp) =>
    ground().until(`${String(expected)} from ${script}`, async () => {
      const { stdout, stderr } = await sh(script);
      return expected.test(stdout + stderr) ? true : undefined;
    });
  const ASK = 'wget -T 2 -qO- http://web';

  describe('a Service', () => {
    test('leads by its name to every ready pod', async () => {
      await ready();
      const { kube, namespace } = ground();
      const pods = await kube.list(resources.pods, { namespace, labelSelector: 'app=web' });
      const names = pods.map(({ metadata }) => metadata.name).sort();
      // A node learns of an endpoint some time after the API server does.
      await ground().until('an answer of every pod', async () => {
        const { stdout } = await sh(`for i in $(seq 40); do ${ASK}; done | sort | uniq`);
        return stdout.trim().split('\n').sort().join() === names.join() ? true : undefined;
      });
      expect([...(await readyEndpoints())].sort()).toEqual(pods.map(({ status }) => status.podIP).sort());
    });

    test('without a ready pod refuses at once', async () => {
      await ready();
      const { kube, namespace } = ground();
      await kube.patch(resources.deployments, namespace, 'web', { spec: { replicas: 0 } }, { type: 'merge' });
      await ground().until('no endpoint', async () =>
        (await readyEndpoints()).length === 0 ? true : undefined,
      );
      await soon(ASK, /^wget: can't connect to remote host \(\d+\.\d+\.\d+\.\d+\): Connection refused\n$/);
    });

    test('without an address is known by the addresses of its pods', async () => {
      const headless: Manifest = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'all' },
        spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
      };
      await ready(headless);
      const { namespace } = ground();
      const addresses = [...(await readyEndpoints())].sort();
      await ground().until('both addresses', async () => {
        const { stdout } = await sh(`nslookup -type=a all.${namespace}.svc.cluster.local`);
        const found = [...stdout.matchAll(/^Address: (\d+\.\d+\.\d+\.\d+)$/gm)].map(([, ip]) => ip).sort();
        return found.join() === addresses.join() ? true : undefined;
      });
    });

    test('can be reached through a forwarded port of one of its pods', async () => {
      await ready();
      const { kube, namespace } = ground();
      const [pod] = await kube.list(resources.pods, { namespace, labelSelector: 'app=web' });
      const name = pod?.metadata.name ?? '';
      await using forward = await kube.portForward(namespace, name, 8080);
      const page = fetch(`http://127.0.0.1:${forward.port}/`).then((answer) => answer.text());
      expect(await ground().meanwhile(page)).toBe(`${name}\n`);
    });
  });

  describe('names', () => {
    test('are looked up along the search list; others do not exist', async () => {
      await ready();
      const { kube, namespace } = ground();
      const service = await kube.get(resources.services, namespace, 'web');
      for (const name of ['web', `web.${namespace}`, `web.${namespace}.svc.cluster.local`]) {
        const { stderr } = await sh(`wget -T 5 -O /dev/null http://${name} 2>&1 | head -1 >&2`);
        expect(stderr).toBe(`Connecting to ${name} (${service?.spec.clusterIP ?? ''}:80)\n`);
      }
      expect(await sh('wget -T 5 -qO- http://nobody')).toMatchObject({
        code: 1,
        stderr: "wget: bad address 'nobody'\n",
      });
      expect((await sh('cat /etc/resolv.conf')).stdout).toMatch(
        new RegExp(`^search ${namespace}\\.svc\\.cluster\\.local svc\\.cluster\\.local cluster\\.local`, 'm'),
      );
    });
  });

  describe('a NetworkPolicy', () => {
    test('lets in only whom it names; others run into a time-out', async () => {
      await ready(shellPod('stranger', 'sleep 100000'));
      await ground().pod('app=stranger', 'runs', ({ status }) => status.phase === 'Running');
      await ground().apply(
        policy('web', {
          podSelector: { matchLabels: { app: 'web' } },
          policyTypes: ['Ingress'],
          ingress: [
            { from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 'http' }] },
          ],
        }),
      );
      await ground().until('the stranger to be shut out', async () => {
        const { stderr } = await ground().sh('stranger', ASK);
        return stderr === 'wget: download timed out\n' ? true : undefined;
      });
      expect((await sh(ASK)).stdout).toMatch(/^web-/);
    });

    test('that lets nothing out keeps names from being looked up, until it allows them', async () => {
      await ready();
      const egress = (rules: readonly object[]) =>
        policy('client', {
          podSelector: { matchLabels: { app: 'client' } },
          policyTypes: ['Egress'],
          egress: rules,
        });
      await ground().apply(egress([]));
      await soon(ASK, /^wget: bad address 'web'\n$/);
      const dns = {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      };
      await ground().apply(egress([dns]));
      await soon(ASK, /^wget: download timed out\n$/);
      await ground().apply(egress([dns, { to: [{ podSelector: { matchLabels: { app: 'web' } } }] }]));
      await soon(ASK, /^web-/);
    });
  });
}
