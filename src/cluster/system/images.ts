import { hash32 } from '../../core/random.ts';
import type { Image, Program } from '../runtime/types.ts';

/** Images of the control plane: their work is done by the simulation, so their programs only live and end. */
const INERT: readonly {
  readonly reference: string;
  readonly sizeBytes: number;
  readonly paths: readonly string[];
}[] = [
  {
    reference: 'registry.k8s.io/kube-proxy:v1.36.3',
    sizeBytes: 174_192_734,
    paths: ['/usr/local/bin/kube-proxy'],
  },
  {
    reference: 'registry.k8s.io/kube-apiserver:v1.36.3',
    sizeBytes: 155_716_680,
    paths: ['/usr/local/bin/kube-apiserver'],
  },
  {
    reference: 'registry.k8s.io/kube-controller-manager:v1.36.3',
    sizeBytes: 155_716_680,
    paths: ['/usr/local/bin/kube-controller-manager'],
  },
  {
    reference: 'registry.k8s.io/kube-scheduler:v1.36.3',
    sizeBytes: 155_716_680,
    paths: ['/usr/local/bin/kube-scheduler'],
  },
  { reference: 'registry.k8s.io/etcd:3.6.8-0', sizeBytes: 26_507_335, paths: ['/usr/local/bin/etcd'] },
  {
    reference: 'docker.io/kindest/local-path-provisioner:v20260820-69b56db7',
    sizeBytes: 42_865_223,
    paths: ['/usr/local/bin/local-path-provisioner'],
  },
  { reference: 'registry.k8s.io/pause:3.10', sizeBytes: 686_598, paths: ['/pause'] },
];

const COREDNS = 'registry.k8s.io/coredns/coredns:v1.14.2';
/** Not part of a new cluster; there for who applies manifests/metrics-server. */
const METRICS_SERVER = 'registry.k8s.io/metrics-server/metrics-server:v0.9.0';

/** What every node has on its disk from the start, by reference. */
export function systemImages(programs: {
  readonly coredns: Program;
  readonly metricsServer: Program;
}): Record<string, Image> {
  const images: Record<string, Image> = {};
  for (const { reference, sizeBytes, paths } of INERT) {
    images[reference] = {
      digest: digestOf(reference),
      sizeBytes,
      config: {
        entrypoint: [paths[0] ?? ''],
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      },
      files: paths.map((path) => ({ path, mode: 0o755, program: inert })),
    };
  }
  images[COREDNS] = {
    digest: digestOf(COREDNS),
    sizeBytes: 74_515_266,
    config: { entrypoint: ['/coredns'], user: 'nonroot:nonroot', workingDir: '/' },
    files: [{ path: '/coredns', mode: 0o755, program: programs.coredns }],
  };
  images[METRICS_SERVER] = {
    digest: digestOf(METRICS_SERVER),
    sizeBytes: 82_313_216,
    config: { entrypoint: ['/metrics-server'], user: '65534' },
    files: [{ path: '/metrics-server', mode: 0o755, program: programs.metricsServer }],
  };
  return images;
}

/** Lives until it is told to end. */
const inert: Program = async (context) => {
  const end = context.deferred<number>();
  context.onSignal('SIGTERM', () => end.resolve(0));
  return end.promise;
};

function digestOf(reference: string): string {
  let hex = '';
  for (let part = 0; part < 8; part++)
    hex += hash32(reference, part + 1)
      .toString(16)
      .padStart(8, '0');
  return `sha256:${hex}`;
}
