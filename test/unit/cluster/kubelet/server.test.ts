import { describe, expect, test } from '@jest/globals';
import type { Probe } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { container, Lab } from './lab.ts';

async function served(): Promise<{ lab: Lab; get: (path: string) => string }> {
  const lab = new Lab({ configuration: () => ({ kind: 'KubeletConfiguration', port: 10_250 }) });
  lab.create('web', { containers: [container(['forever'])] });
  await lab.seconds(30);
  return { lab, get: (path) => lab.kubelet.answer(path)?.body ?? '' };
}

describe("the kubelet's own server", () => {
  test('is well, and has a page for what it knows only', async () => {
    const { lab } = await served();
    expect(lab.kubelet.answer('/healthz')).toMatchObject({ status: 200, body: 'ok' });
    expect(lab.kubelet.answer('/healthz/syncloop')).toMatchObject({ status: 200, body: 'ok' });
    expect(lab.kubelet.answer('/none')).toMatchObject({ status: 404, body: '404 page not found\n' });
    lab.kubelet.stop();
    expect(lab.kubelet.answer('/healthz')).toBeUndefined();
  });

  test('/pods and /runningpods: those of the API, those of the runtime', async () => {
    const { lab, get } = await served();
    expect(JSON.parse(get('/pods'))).toMatchObject({ kind: 'PodList', items: [lab.pod('web')] });
    const { name, namespace, uid } = lab.pod('web').metadata;
    expect(JSON.parse(get('/runningpods/'))).toMatchObject({
      kind: 'PodList',
      items: [{ metadata: { name, namespace, uid }, spec: { containers: [{ name: 'c' }] } }],
    });
  });

  test('/configz: the configuration that it has', async () => {
    const { get } = await served();
    expect(JSON.parse(get('/configz'))).toEqual({
      kubeletconfig: { kind: 'KubeletConfiguration', port: 10_250 },
    });
  });

  test('/metrics/resource, in the text format of Prometheus', async () => {
    const { get } = await served();
    const lines = get('/metrics/resource').split('\n');
    const started = lines.find((line) => line.startsWith('container_start_time_seconds{')) ?? '';
    expect(started).toMatch(
      /^container_start_time_seconds\{container="c",namespace="shop",pod="web"\} 1\.7672256\d*e\+09$/,
    );
    const used = lines.find((line) => line.startsWith('pod_memory_working_set_bytes{')) ?? '';
    expect(used).toMatch(
      /^pod_memory_working_set_bytes\{namespace="shop",pod="web"\} [\d.e+]+ 17672256\d{5}$/,
    );
    expect(lines).toContain('# TYPE node_cpu_usage_seconds_total counter');
    expect(lines.at(-2)).toBe('resource_scrape_error 0');
  });

  test('/metrics: the pods that it has, by what becomes of them', async () => {
    const { lab, get } = await served();
    const lines = (): string[] => get('/metrics').split('\n');
    expect(lines()).toEqual(
      expect.arrayContaining([
        'kubelet_active_pods{static=""} 1',
        'kubelet_node_name{node="lab-worker"} 1',
        'kubelet_running_containers{container_state="running"} 1',
        'kubelet_working_pods{config="desired",lifecycle="sync",static=""} 1',
        'kubelet_http_inflight_requests{long_running="false",method="GET",path="metrics",server_type="readwrite"} 1',
      ]),
    );
    lab.api.delete(resources.pods, 'shop', 'web');
    await lab.seconds(0.1);
    expect(lines()).toContain('kubelet_working_pods{config="desired",lifecycle="sync",static=""} 0');
  });

  test('/metrics/probes: how probes went, and how long those took that passed', async () => {
    const lab = new Lab();
    const probe = (code: string): Probe => ({
      exec: { command: ['exit', code] },
      periodSeconds: 2,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 3,
    });
    const spec = { ...container(['forever']), livenessProbe: probe('0'), readinessProbe: probe('1') };
    lab.create('web', { containers: [spec] });
    const lines = (): string[] => lab.kubelet.answer('/metrics/probes')?.body.split('\n') ?? [];
    await lab.seconds(9);
    const names = 'container="c",namespace="shop",pod="web"';
    const { uid } = lab.pod('web').metadata;
    const of = (kind: string, result: string): string | undefined =>
      lines().find((line) =>
        line.startsWith(
          `prober_probe_total{${names},pod_uid="${uid}",probe_type="${kind}",result="${result}"}`,
        ),
      );
    expect(of('Liveness', 'successful')).toMatch(/ [34]$/);
    expect(of('Readiness', 'failed')).toMatch(/ [45]$/);
    expect(lines()).toContainEqual(
      expect.stringMatching(
        /^prober_probe_duration_seconds_bucket\{.*probe_type="Liveness",le="\+Inf"\} [34]$/,
      ),
    );
    expect(lines().join()).not.toContain(
      'prober_probe_duration_seconds_count{container="c",namespace="shop",pod="web",probe_type="Readiness"',
    );
  });

  test('/metrics/cadvisor: the groups of the machine, of a pod, its sandbox and its containers', async () => {
    const lab = new Lab();
    const resourcesOf = { requests: { cpu: '100m' }, limits: { cpu: '500m', memory: '64Mi' } };
    lab.create('web', { containers: [{ ...container(['forever']), resources: resourcesOf }] });
    await lab.seconds(30);
    const uid = lab.pod('web').metadata.uid.replaceAll('-', '_');
    const lines = (lab.kubelet.answer('/metrics/cadvisor')?.body ?? '').split('\n');
    const of = (name: string): string[] =>
      lines
        .filter((line) => line.startsWith(`${name}{`))
        .map((line) => {
          const [, container, id = '', value] =
            /container="(.*?)".*id="(.*?)".*} ([\d.e+]+)/.exec(line) ?? [];
          const parts = id.split('/').length - 1;
          return `${container ?? ''} ${id === '/' ? 0 : parts} ${value ?? ''}`.trim();
        });
    expect(of('container_spec_memory_limit_bytes')).toEqual([
      '0 8.589934592e+09',
      '4 6.7108864e+07',
      '5 0',
      'c 5 6.7108864e+07',
    ]);
    expect(of('container_spec_cpu_shares')).toEqual(['0 1024', '4 102', '5 2', 'c 5 102']);
    expect(of('container_spec_cpu_quota')).toEqual(['4 50000', 'c 5 50000']);
    expect(of('container_oom_events_total')).toEqual(['0 0', '4 0', '5 0', 'c 5 0']);
    const group = `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${uid}.slice`;
    expect(lines.find((line) => line.startsWith('container_memory_rss{container="c"'))).toContain(
      `id="${group}/cri-containerd-`,
    );
  });

  test('/stats/summary: a pod uses what its containers use, and its sandbox', async () => {
    const { get } = await served();
    const summary = JSON.parse(get('/stats/summary')) as Summary;
    expect(summary.node).toMatchObject({ nodeName: 'lab-worker', fs: { capacityBytes: 100 * 1024 ** 3 } });
    const [pod] = summary.pods;
    expect(pod).toMatchObject({ podRef: { name: 'web' }, containers: [{ name: 'c' }] });
    expect(pod?.memory.usageBytes).toBeGreaterThan(pod?.containers[0]?.memory.usageBytes ?? Infinity);
  });

  test('/logs/: folders as pages, files as they are, a folder without its slash sends on', async () => {
    const { lab, get } = await served();
    lab.create('said', { containers: [container(['exit', '0', '0', 'hello'])] });
    await lab.seconds(10);
    expect(get('/logs/')).toContain('<a href="pods/">pods/</a>\n');
    expect(lab.kubelet.answer('/logs/pods')).toMatchObject({ status: 301, location: 'pods/' });
    expect(lab.kubelet.answer('/logs/none')).toMatchObject({ status: 404 });
    const link = /<a href="(said_[^"]*)">/.exec(get('/logs/containers/'))?.[1] ?? '';
    expect(get(`/logs/containers/${link}`)).toMatch(/ stdout F hello\n$/);
  });
});

interface Summary {
  readonly node: object;
  readonly pods: readonly {
    readonly memory: { readonly usageBytes: number };
    readonly containers: readonly { readonly memory: { readonly usageBytes: number } }[];
  }[];
}
