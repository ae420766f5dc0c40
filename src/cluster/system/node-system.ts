import { stringify } from 'yaml';
import { KUBELET_VERSION, OS_IMAGE, providerId } from '../kubelet/node-status.ts';
import type { NodeSpec } from '../kubelet/types.ts';
import type { SystemProcess } from '../runtime/container-types.ts';

const MIB = 1024 * 1024;

/** What runs on a node of kind beside its containers. */
export function systemProcesses(node: NodeSpec): SystemProcess[] {
  const kubelet = [
    '/usr/bin/kubelet',
    '--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf',
    '--kubeconfig=/etc/kubernetes/kubelet.conf',
    '--config=/var/lib/kubelet/config.yaml',
    ...kubeadmFlags(node),
    '--runtime-cgroups=/system.slice/containerd.service',
  ];
  return [
    { pid: 1, args: ['/usr/lib/systemd/systemd'], memory: 10 * MIB },
    { pid: 103, args: ['/usr/lib/systemd/systemd-journald'], memory: 8 * MIB },
    { pid: 118, args: ['/usr/local/bin/containerd'], memory: 60 * MIB },
    { pid: 212, args: kubelet, memory: 80 * MIB },
  ];
}

const kubeadmFlags = ({ name, ip }: NodeSpec): string[] => [
  `--node-ip=${ip}`,
  `--provider-id=${providerId(name)}`,
  '--node-labels=',
];

/** Files of a node that people look into, by path; the rest of its system is not there. */
export function systemFiles(
  node: NodeSpec,
  dns: { readonly ip: string; readonly domain: string },
): Readonly<Record<string, string>> {
  return {
    '/etc/os-release': OS_RELEASE,
    '/kind/version': KUBELET_VERSION,
    '/var/lib/kubelet/config.yaml': stringify(kubeletConfiguration(dns), { indentSeq: false }),
    '/var/lib/kubelet/kubeadm-flags.env': `KUBELET_KUBEADM_ARGS="${kubeadmFlags(node).join(' ')}"\n`,
  };
}

const OS_RELEASE = `PRETTY_NAME="${OS_IMAGE}"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION="13 (trixie)"
VERSION_CODENAME=trixie
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`;

/** What kubeadm writes on a node of kind. https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
function kubeletConfiguration(dns: { readonly ip: string; readonly domain: string }): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    authentication: {
      anonymous: { enabled: false },
      webhook: { cacheTTL: '0s', enabled: true },
      x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
    },
    authorization: {
      mode: 'Webhook',
      webhook: { cacheAuthorizedTTL: '0s', cacheUnauthorizedTTL: '0s' },
    },
    cgroupDriver: 'systemd',
    cgroupRoot: '/kubelet',
    clusterDNS: [dns.ip],
    clusterDomain: dns.domain,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cpuManagerReconcilePeriod: '0s',
    crashLoopBackOff: {},
    evictionHard: { 'imagefs.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%' },
    evictionPressureTransitionPeriod: '0s',
    failSwapOn: false,
    fileCheckFrequency: '0s',
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    httpCheckFrequency: '0s',
    imageGCHighThresholdPercent: 100,
    imageMaximumGCAge: '0s',
    imageMinimumGCAge: '0s',
    kind: 'KubeletConfiguration',
    logging: {
      flushFrequency: 0,
      options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } },
      verbosity: 0,
    },
    memorySwap: {},
    nodeStatusReportFrequency: '0s',
    nodeStatusUpdateFrequency: '0s',
    rotateCertificates: true,
    runtimeRequestTimeout: '0s',
    shutdownGracePeriod: '0s',
    shutdownGracePeriodCriticalPods: '0s',
    staticPodPath: '/etc/kubernetes/manifests',
    streamingConnectionIdleTimeout: '0s',
    syncFrequency: '0s',
    volumeStatsAggPeriod: '0s',
  };
}
