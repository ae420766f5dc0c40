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

/**
 * With what a kubelet takes where its file says nothing, or `0s`: its `/configz`.
 * https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
 */
export function wholeConfiguration(
  node: NodeSpec,
  dns: { readonly ip: string; readonly domain: string },
): object {
  return {
    ...kubeletConfiguration(dns),
    address: '0.0.0.0',
    ...accessRemembered({ user: '2m0s', allowed: '5m0s', denied: '30s' }),
    cgroupsPerQOS: true,
    configMapAndSecretChangeDetectionStrategy: 'Watch',
    containerLogMaxFiles: 5,
    containerLogMaxSize: '10Mi',
    containerLogMaxWorkers: 1,
    containerLogMonitorInterval: '10s',
    contentType: 'application/vnd.kubernetes.protobuf',
    cpuCFSQuota: true,
    cpuCFSQuotaPeriod: '100ms',
    cpuManagerPolicy: 'none',
    cpuManagerReconcilePeriod: '10s',
    crashLoopBackOff: { maxContainerRestartPeriod: '5m0s' },
    enableControllerAttachDetach: true,
    enableDebugFlagsHandler: true,
    enableDebuggingHandlers: true,
    enableProfilingHandler: true,
    enableServer: true,
    enableSystemLogHandler: true,
    enableSystemLogQuery: false,
    enforceNodeAllocatable: ['pods'],
    eventBurst: 100,
    eventRecordQPS: 50,
    evictionPressureTransitionPeriod: '5m0s',
    failCgroupV1: false,
    fileCheckFrequency: '20s',
    hairpinMode: 'promiscuous-bridge',
    httpCheckFrequency: '20s',
    imageGCLowThresholdPercent: 80,
    imageMinimumGCAge: '2m0s',
    imagePullCredentialsVerificationPolicy: 'NeverVerifyPreloadedImages',
    iptablesDropBit: 15,
    iptablesMasqueradeBit: 14,
    kubeAPIBurst: 100,
    kubeAPIQPS: 50,
    localStorageCapacityIsolation: true,
    logging: {
      flushFrequency: '5s',
      format: 'text',
      options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } },
      verbosity: 0,
    },
    makeIPTablesUtilChains: true,
    maxOpenFiles: 1_000_000,
    maxPods: 110,
    memoryManagerPolicy: 'None',
    memoryReservationPolicy: 'None',
    memoryThrottlingFactor: 0.9,
    mergeDefaultEvictionSettings: false,
    nodeLeaseDurationSeconds: 40,
    nodeStatusMaxImages: 50,
    nodeStatusReportFrequency: '5m0s',
    nodeStatusUpdateFrequency: '10s',
    oomScoreAdj: -999,
    podLogsDir: '/var/log/pods',
    podPidsLimit: -1,
    port: 10_250,
    providerID: providerId(node.name),
    registerNode: true,
    registryBurst: 10,
    registryPullQPS: 5,
    resolvConf: '/etc/resolv.conf',
    runtimeRequestTimeout: '2m0s',
    seccompDefault: false,
    serializeImagePulls: true,
    streamingConnectionIdleTimeout: '4h0m0s',
    syncFrequency: '1m0s',
    tlsCertFile: '/var/lib/kubelet/pki/kubelet.crt',
    tlsPrivateKeyFile: '/var/lib/kubelet/pki/kubelet.key',
    topologyManagerPolicy: 'none',
    topologyManagerScope: 'container',
    volumePluginDir: '/usr/libexec/kubernetes/kubelet-plugins/volume/exec/',
    volumeStatsAggPeriod: '1m0s',
  };
}

/** Who may ask a kubelet. @param times for how long it remembers what the API server has said of them */
function accessRemembered(times: {
  readonly user: string;
  readonly allowed: string;
  readonly denied: string;
}): object {
  return {
    authentication: {
      anonymous: { enabled: false },
      webhook: { cacheTTL: times.user, enabled: true },
      x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
    },
    authorization: {
      mode: 'Webhook',
      webhook: { cacheAuthorizedTTL: times.allowed, cacheUnauthorizedTTL: times.denied },
    },
  };
}

/** What kubeadm writes on a node of kind. https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
function kubeletConfiguration(dns: { readonly ip: string; readonly domain: string }): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    ...accessRemembered({ user: '0s', allowed: '0s', denied: '0s' }),
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
