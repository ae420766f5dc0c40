import fc from 'fast-check';
import type { Manifest } from '../../../src/kube/client.ts';
import { resources } from '../../../src/model/resources.ts';
import type { Facts } from '../facts.ts';
import type { Weighted } from './arbitraries.ts';
import { type Edit, type Reference, referenceOf } from './edit.ts';
import { networkLeftovers, ownServices } from './network.ts';

const FINALIZER = 'shop.test/keep';
/** All but the second keep out next pods or next rollouts; that one keeps out nobody. */
const QUOTAS: readonly Readonly<Record<string, string>>[] = [
  { pods: '1' },
  { pods: '100' },
  { 'limits.cpu': '4' },
  { 'count/replicasets.apps': '1' },
];
const LARGEST = ['16Mi', '8Gi'];

/** Edits of what is around the workloads: what the cluster takes, its nodes, and what is being deleted. */
export function surroundingEdits(facts: Facts): Weighted {
  const { namespace } = facts;
  const gates = [
    ...QUOTAS.map((hard) => quota(namespace, hard)),
    ...LARGEST.map((memory) => limits(namespace, memory)),
    webhook(namespace, 'Fail'),
    webhook(namespace, 'Ignore'),
  ];
  return [
    { weight: 2, arbitrary: fc.constantFrom(...gates).map((object): Edit => ({ edit: 'create', object })) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...gatesOf(namespace)).map((of): Edit => ({ edit: 'delete', of })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Edit>(
        { edit: 'cordon', nodes: 'one' },
        { edit: 'cordon', nodes: 'all' },
        { edit: 'uncordon', nodes: 'one' },
        { edit: 'uncordon', nodes: 'all' },
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...lasting(facts))
        .map((of): Edit => ({ edit: 'delete', of, finalizer: FINALIZER })),
    },
  ];
}

const gatesOf = (namespace: string): Reference[] => [
  referenceOf(resources.resourceQuotas, { namespace, name: GATE }),
  referenceOf(resources.limitRanges, { namespace, name: GATE }),
];

/** What other edits may have left behind is taken away, and every node takes pods. */
export const tidyUp = (facts: Facts): Edit[] => [
  ...[...gatesOf(facts.namespace), ...networkLeftovers(facts)].map((of): Edit => ({ edit: 'delete', of })),
  { edit: 'create', object: webhook(facts.namespace, 'Ignore') },
  { edit: 'uncordon', nodes: 'all' },
];

/** What people would miss. */
const lasting = (facts: Facts): Reference[] => [
  facts.workload,
  ...facts.data,
  ...ownServices(facts),
  ...facts.configMaps,
  ...facts.others,
];

const GATE = 'gate';

const quota = (namespace: string, hard: Readonly<Record<string, string>>): Manifest => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: GATE, namespace },
  spec: { hard },
});

const limits = (namespace: string, memory: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: GATE, namespace },
  spec: { limits: [{ type: 'Container', max: { memory } }] },
});

/** Asks somebody who is not there about each new pod. */
const webhook = (namespace: string, failurePolicy: 'Fail' | 'Ignore'): Manifest => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: GATE },
  webhooks: [
    {
      name: 'gate.shop.test',
      failurePolicy,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 1,
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      clientConfig: { service: { namespace, name: 'nobody', path: '/' }, caBundle: '' },
    },
  ],
});
