/** Where the addresses of Services come from, as kubeadm sets a cluster up. */
export const SERVICE_RANGE = '10.96.0.0/16';

/** The Service `kubernetes`: the first address. */
export const API_SERVER_IP = '10.96.0.1';

/** The Service `kube-dns`: the tenth. */
export const CLUSTER_DNS_IP = '10.96.0.10';
