import type { Container, Pod } from '../../model/objects.ts';
import type { StaticPod } from '../kubelet/types.ts';

const component = (name: string, image: string, requests: Record<string, string>): StaticPod => ({
  name,
  namespace: 'kube-system',
  labels: { component: name, tier: 'control-plane' },
  spec: {
    containers: [
      {
        name,
        image,
        imagePullPolicy: 'IfNotPresent',
        command: [name],
        resources: { requests },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      } satisfies Container,
    ],
    hostNetwork: true,
    priorityClassName: 'system-node-critical',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  } satisfies Pod['spec'],
});

/** What kubeadm puts into /etc/kubernetes/manifests of a control plane. */
export const controlPlanePods: readonly StaticPod[] = [
  component('etcd', 'registry.k8s.io/etcd:3.6.8-0', { cpu: '100m', memory: '100Mi' }),
  component('kube-apiserver', 'registry.k8s.io/kube-apiserver:v1.36.3', { cpu: '250m' }),
  component('kube-controller-manager', 'registry.k8s.io/kube-controller-manager:v1.36.3', { cpu: '200m' }),
  component('kube-scheduler', 'registry.k8s.io/kube-scheduler:v1.36.3', { cpu: '100m' }),
];
