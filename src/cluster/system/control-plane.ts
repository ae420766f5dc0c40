import type { Container, Pod, Volume } from '../../model/objects.ts';
import type { StaticPod } from '../kubelet/types.ts';
import { clusterNameOf } from './kubeadm.ts';

/** What the manifests of a control plane name. */
export interface ControlPlaneFacts {
  /** Name of the node. */
  readonly node: string;
  readonly ip: string;
  readonly serviceCidr: string;
}

interface Component {
  readonly name: string;
  readonly image: string;
  readonly requests: Readonly<Record<string, string>>;
  /** The only port of it that kubeadm names. */
  readonly probePort: number;
  readonly flags: readonly string[];
  /** Folders of the node that it sees, with the names of their volumes; files end in `.conf`. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Writes to them; the others only read. */
  readonly writes?: true;
  readonly annotations?: Readonly<Record<string, string>>;
}

const PKI = '/etc/kubernetes/pki';
const CERTIFICATES = {
  'ca-certs': '/etc/ssl/certs',
  'etc-ca-certificates': '/etc/ca-certificates',
  'k8s-certs': PKI,
};
const MORE_CERTIFICATES = {
  'usr-local-share-ca-certificates': '/usr/local/share/ca-certificates',
  'usr-share-ca-certificates': '/usr/share/ca-certificates',
};
const kubeconfig = (name: string): string => `/etc/kubernetes/${name}.conf`;

/**
 * What kubeadm puts into /etc/kubernetes/manifests of a control plane of kind, without the probes: the processes behind
 * these pods have nothing to ask.
 * https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/#generate-static-pod-manifests-for-control-plane-components
 */
export function controlPlanePods(facts: ControlPlaneFacts): readonly StaticPod[] {
  return [etcd(facts), apiServer(facts), controllerManager(facts), scheduler()].map(staticPod);
}

function etcd({ node, ip }: ControlPlaneFacts): Component {
  const client = `https://${ip}:2379`;
  const peer = `https://${ip}:2380`;
  return {
    name: 'etcd',
    image: 'registry.k8s.io/etcd:3.6.8-0',
    requests: { cpu: '100m', memory: '100Mi' },
    probePort: 2381,
    flags: [
      `advertise-client-urls=${client}`,
      `cert-file=${PKI}/etcd/server.crt`,
      'client-cert-auth=true',
      'data-dir=/var/lib/etcd',
      'feature-gates=InitialCorruptCheck=true',
      `initial-advertise-peer-urls=${peer}`,
      `initial-cluster=${node}=${peer}`,
      `key-file=${PKI}/etcd/server.key`,
      `listen-client-urls=https://127.0.0.1:2379,${client}`,
      'listen-metrics-urls=http://127.0.0.1:2381',
      `listen-peer-urls=${peer}`,
      `name=${node}`,
      `peer-cert-file=${PKI}/etcd/peer.crt`,
      'peer-client-cert-auth=true',
      `peer-key-file=${PKI}/etcd/peer.key`,
      `peer-trusted-ca-file=${PKI}/etcd/ca.crt`,
      'snapshot-count=10000',
      `trusted-ca-file=${PKI}/etcd/ca.crt`,
      'watch-progress-notify-interval=5s',
    ],
    mounts: { 'etcd-data': '/var/lib/etcd', 'etcd-certs': `${PKI}/etcd` },
    writes: true,
    annotations: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': client },
  };
}

function apiServer(facts: ControlPlaneFacts): Component {
  return {
    name: 'kube-apiserver',
    image: 'registry.k8s.io/kube-apiserver:v1.36.3',
    requests: { cpu: '250m' },
    probePort: 6443,
    flags: apiServerFlags(facts),
    mounts: { ...CERTIFICATES, ...MORE_CERTIFICATES },
    annotations: { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${facts.ip}:6443` },
  };
}

/** The flags of the API server, `name=value`. */
export function apiServerFlags({ ip, serviceCidr }: Omit<ControlPlaneFacts, 'node'>): readonly string[] {
  return [
    `advertise-address=${ip}`,
    'allow-privileged=true',
    'authorization-mode=Node,RBAC',
    `client-ca-file=${PKI}/ca.crt`,
    'enable-admission-plugins=NodeRestriction',
    'enable-bootstrap-token-auth=true',
    `etcd-cafile=${PKI}/etcd/ca.crt`,
    `etcd-certfile=${PKI}/apiserver-etcd-client.crt`,
    `etcd-keyfile=${PKI}/apiserver-etcd-client.key`,
    'etcd-servers=https://127.0.0.1:2379',
    `kubelet-client-certificate=${PKI}/apiserver-kubelet-client.crt`,
    `kubelet-client-key=${PKI}/apiserver-kubelet-client.key`,
    'kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
    `proxy-client-cert-file=${PKI}/front-proxy-client.crt`,
    `proxy-client-key-file=${PKI}/front-proxy-client.key`,
    'requestheader-allowed-names=front-proxy-client',
    `requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
    'requestheader-extra-headers-prefix=X-Remote-Extra-',
    'requestheader-group-headers=X-Remote-Group',
    'requestheader-username-headers=X-Remote-User',
    'secure-port=6443',
    'service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `service-account-key-file=${PKI}/sa.pub`,
    `service-account-signing-key-file=${PKI}/sa.key`,
    `service-cluster-ip-range=${serviceCidr}`,
    `tls-cert-file=${PKI}/apiserver.crt`,
    `tls-private-key-file=${PKI}/apiserver.key`,
    'runtime-config=',
  ];
}

function controllerManager({ node, serviceCidr }: ControlPlaneFacts): Component {
  const config = kubeconfig('controller-manager');
  return {
    name: 'kube-controller-manager',
    image: 'registry.k8s.io/kube-controller-manager:v1.36.3',
    requests: { cpu: '200m' },
    probePort: 10_257,
    flags: [
      'allocate-node-cidrs=true',
      `authentication-kubeconfig=${config}`,
      `authorization-kubeconfig=${config}`,
      'bind-address=127.0.0.1',
      `client-ca-file=${PKI}/ca.crt`,
      'cluster-cidr=10.244.0.0/16',
      `cluster-name=${clusterNameOf(node)}`,
      `cluster-signing-cert-file=${PKI}/ca.crt`,
      `cluster-signing-key-file=${PKI}/ca.key`,
      'controllers=*,bootstrapsigner,tokencleaner',
      `kubeconfig=${config}`,
      'leader-elect=true',
      `requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      `root-ca-file=${PKI}/ca.crt`,
      `service-account-private-key-file=${PKI}/sa.key`,
      `service-cluster-ip-range=${serviceCidr}`,
      'use-service-account-credentials=true',
      'enable-hostpath-provisioner=true',
    ],
    mounts: { ...CERTIFICATES, kubeconfig: config, ...MORE_CERTIFICATES },
  };
}

function scheduler(): Component {
  const config = kubeconfig('scheduler');
  return {
    name: 'kube-scheduler',
    image: 'registry.k8s.io/kube-scheduler:v1.36.3',
    requests: { cpu: '100m' },
    probePort: 10_259,
    flags: [
      `authentication-kubeconfig=${config}`,
      `authorization-kubeconfig=${config}`,
      'bind-address=127.0.0.1',
      `kubeconfig=${config}`,
      'leader-elect=true',
    ],
    mounts: { kubeconfig: config },
  };
}

function staticPod({
  name,
  image,
  requests,
  probePort,
  flags,
  mounts,
  writes,
  annotations,
}: Component): StaticPod {
  const folders = Object.entries(mounts);
  const volumes = [...folders]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([volume, path]): Volume => {
      const type = path.endsWith('.conf') ? 'FileOrCreate' : 'DirectoryOrCreate';
      return { name: volume, hostPath: { path, type } };
    });
  const container: Container = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [name, ...flags.map((flag) => `--${flag}`)],
    ports: [{ name: 'probe-port', containerPort: probePort, hostPort: probePort, protocol: 'TCP' }],
    resources: { requests },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    volumeMounts: folders.map(([volume, mountPath]) => ({
      name: volume,
      mountPath,
      ...(writes !== true && { readOnly: true }),
    })),
  };
  return {
    name,
    namespace: 'kube-system',
    labels: { component: name, tier: 'control-plane' },
    ...(annotations !== undefined && { annotations }),
    spec: {
      containers: [container],
      volumes,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    } satisfies Pod['spec'],
  };
}
