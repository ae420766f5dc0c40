import { describe, expect, test } from '@jest/globals';
import { Reinvocation } from '../../../../../src/cluster/apiserver/admission/reinvocation.ts';
import { edit, freeze } from '../../../../../src/core/json.ts';
import { RandomStreams } from '../../../../../src/core/random.ts';
import type { AnyObject, Pod } from '../../../../../src/model/objects.ts';
import { resources } from '../../../../../src/model/resources.ts';
import { StatusError } from '../../../../../src/cluster/api.ts';
import { admissionPlugins } from '../../../../../src/cluster/apiserver/admission/plugins.ts';
import type { AdmissionAttributes, StateReader } from '../../../../../src/cluster/apiserver/pipeline.ts';
import { openStages } from '../harness.ts';
import { account, namespace, refusalOf, stateOf, write } from './harness.ts';

// Texts that are compared were seen on Kubernetes 1.36.3.

const container = (name: string, more: object = {}): object => ({ name, image: 'b', ...more });
const pod = (spec: object, metadata: object = { name: 'a' }): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [container('a')], ...spec },
});
const podOf = (manifest: object, api?: StateReader): Pod =>
  write(manifest, { ...(api && { api }) }).object as unknown as Pod;
const state = (...more: object[]): StateReader => stateOf(namespace('adm'), account('adm'), ...more);

describe('NamespaceLifecycle', () => {
  test('a namespace must exist', () => {
    expect(refusalOf(pod({}), { api: stateOf() })).toBe('namespaces "adm" not found');
  });

  test('nothing is added to one that ends, but changes go on', () => {
    const ending = stateOf({ ...namespace('adm'), status: { phase: 'Terminating' } }, account('adm'));
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    try {
      write(map, { api: ending });
      throw new Error('was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(StatusError);
      expect((error as StatusError).status).toMatchObject({
        code: 403,
        message:
          'configmaps "a" is forbidden: unable to create new content in namespace adm because it is being terminated',
        details: {
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: 'namespace adm is being terminated',
              field: 'metadata.namespace',
            },
          ],
        },
      });
    }
    const { object: old } = write(map);
    expect(refusalOf({ ...old, data: { a: 'b' } }, { api: ending, old })).toBeUndefined();
  });

  test.each([
    ['default', 'namespaces "default" is forbidden: this namespace may not be deleted'],
    ['kube-system', 'namespaces "kube-system" is forbidden: this namespace may not be deleted'],
    ['adm', undefined],
  ])('deleting %s', (name, message) => {
    const attributes: AdmissionAttributes = {
      operation: 'DELETE',
      resource: resources.namespaces,
      subresource: undefined,
      namespace: name,
      name,
      object: undefined,
      old: namespace(name) as AnyObject,
      user: { name: 'u', groups: [] },
      dryRun: false,
      api: state(),
      timestamp: '2026-11-22T10:00:00Z',
      warn: () => {},
      reinvocation: new Reinvocation(),
    };
    const remove = (): void => {
      for (const plugin of admissionPlugins({
        random: new RandomStreams('x'),
        authorizer: openStages.authorizer,
      })) {
        plugin.mutate?.(attributes);
        plugin.validate?.(attributes);
      }
    };
    if (message === undefined) expect(remove).not.toThrow();
    else expect(remove).toThrow(message);
  });
});

describe('ServiceAccount', () => {
  test('mounts a token into every container, the same way in a replay', () => {
    const { spec } = podOf(pod({ initContainers: [container('i')] }));
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    const [volume] = spec.volumes ?? [];
    expect(volume?.name).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(volume).toEqual({
      name: volume?.name,
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 420,
      },
    });
    const mount = {
      name: volume?.name,
      readOnly: true,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    };
    expect(spec.containers[0]?.volumeMounts).toEqual([mount]);
    expect(spec.initContainers?.[0]?.volumeMounts).toEqual([mount]);
    expect(podOf(pod({})).spec.volumes?.[0]?.name).toBe(podOf(pod({})).spec.volumes?.[0]?.name);
  });

  test('leaves a container alone that mounts something there, and a volume of that name', () => {
    const own = { name: 'v', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
    const volumes = [{ name: 'v' }];
    const alone = podOf(pod({ containers: [container('a', { volumeMounts: [own] })], volumes }));
    expect(alone.spec.containers[0]?.volumeMounts).toEqual([own]);
    expect(alone.spec.volumes).toEqual([{ name: 'v', emptyDir: {} }]);
    const named = podOf(pod({ volumes: [{ name: 'kube-api-access-x' }] }));
    expect(named.spec.volumes).toHaveLength(1);
    expect(named.spec.containers[0]?.volumeMounts?.[0]?.name).toBe('kube-api-access-x');
  });

  test.each([
    [undefined, undefined, true],
    [false, undefined, false],
    [undefined, false, false],
    [true, false, true],
  ])('pod says %s, account says %s: mounted %s', (ofPod, ofAccount, mounted) => {
    const spec = ofPod === undefined ? {} : { automountServiceAccountToken: ofPod };
    const more = ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount };
    const api = stateOf(namespace('adm'), account('adm', 'default', more));
    expect(podOf(pod(spec), api).spec.volumes !== undefined).toBe(mounted);
  });

  test('gives its image pull secrets to pods that have none', () => {
    const api = stateOf(namespace('adm'), account('adm', 'default', { imagePullSecrets: [{ name: 'r' }] }));
    expect(podOf(pod({}), api).spec.imagePullSecrets).toEqual([{ name: 'r' }]);
    expect(podOf(pod({ imagePullSecrets: [{ name: 's' }] }), api).spec.imagePullSecrets).toEqual([
      { name: 's' },
    ]);
  });

  test('must exist', () => {
    expect(refusalOf(pod({ serviceAccountName: 'nope' }, { generateName: 'a-' }))).toBe(
      'pods "a-" is forbidden: error looking up service account adm/nope: serviceaccount "nope" not found',
    );
  });

  test('is not for mirror pods', () => {
    const mirror = pod({}, { name: 'a', annotations: { 'kubernetes.io/config.mirror': 'x' } });
    expect(podOf(mirror, stateOf(namespace('adm'))).spec.serviceAccountName).toBeUndefined();
  });
});

describe('Priority', () => {
  const priorityClass = (name: string, value: number, more: object = {}): object => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    preemptionPolicy: 'PreemptLowerPriority',
    ...more,
  });
  const api = state(
    priorityClass('high', 1000, { preemptionPolicy: 'Never' }),
    priorityClass('usual', 7, { globalDefault: true }),
  );

  test('comes from the class', () => {
    expect(podOf(pod({})).spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    expect(podOf(pod({ priorityClassName: 'high' }), api).spec).toMatchObject({
      priority: 1000,
      preemptionPolicy: 'Never',
    });
    expect(podOf(pod({}), api).spec).toMatchObject({ priority: 7, priorityClassName: 'usual' });
  });

  test.each([
    [{ priorityClassName: 'nope' }, 'pods "a" is forbidden: no PriorityClass with name nope was found'],
    [
      { priority: 5 },
      'pods "a" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [
      { preemptionPolicy: 'Never' },
      'pods "a" is forbidden: the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    ],
  ])('%j is refused', (spec, message) => {
    expect(refusalOf(pod(spec))).toBe(message);
  });

  test('there is one default class', () => {
    expect(refusalOf(priorityClass('other', 1, { globalDefault: true }), { api })).toBe(
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
  });
});

test('a RuntimeClass gives overhead, nodes and tolerations; a pod may not say otherwise', () => {
  const toleration = { key: 'gpu', operator: 'Exists' };
  const api = state({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'sandboxed' },
    handler: 'kata',
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { disk: 'ssd' }, tolerations: [toleration] },
  });
  const of = (spec: object) => pod({ runtimeClassName: 'sandboxed', ...spec });
  expect(write(of({ nodeSelector: { zone: 'a' } }), { api }).object).toMatchObject({
    spec: {
      overhead: { cpu: '250m' },
      nodeSelector: { zone: 'a', disk: 'ssd' },
      tolerations: expect.arrayContaining([toleration]),
    },
  });
  expect(refusalOf(of({ overhead: { cpu: '1' } }), { api })).toBe(
    "pods \"a\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  );
  expect(refusalOf(of({ nodeSelector: { disk: 'hdd' } }), { api })).toBe(
    'pods "a" is forbidden: pod rejected: conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd; pod.spec.nodeSelector[disk] = hdd',
  );
  expect(refusalOf(pod({ overhead: { cpu: '1' } }))).toBe(
    'pods "a" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  );
});

test('RuntimeClass must exist', () => {
  expect(refusalOf(pod({ runtimeClassName: 'nope' }))).toBe(
    'pods "a" is forbidden: pod rejected: RuntimeClass "nope" not found',
  );
});

describe('DefaultTolerationSeconds', () => {
  const tolerationsOf = (tolerations: object[]): unknown => podOf(pod({ tolerations })).spec.tolerations;
  const usual = (key: string): object => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  });

  test('adds what is missing', () => {
    expect(podOf(pod({})).spec.tolerations).toEqual([usual('not-ready'), usual('unreachable')]);
    const own = {
      key: 'node.kubernetes.io/not-ready',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 5,
    };
    expect(tolerationsOf([own])).toEqual([own, usual('unreachable')]);
    const other = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoSchedule' };
    expect(tolerationsOf([other])).toEqual([other, usual('not-ready'), usual('unreachable')]);
  });

  test('has nothing to add for a pod that tolerates everything', () => {
    expect(tolerationsOf([{ operator: 'Exists' }])).toEqual([{ operator: 'Exists' }]);
  });
});

describe('LimitRanger', () => {
  const range = (...limits: object[]): object => ({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'lr', namespace: 'adm' },
    spec: { limits },
  });
  const limits = range(
    {
      type: 'Container',
      max: { cpu: '1', memory: '1Gi' },
      min: { cpu: '50m', memory: '32Mi' },
      default: { cpu: '500m', memory: '256Mi' },
      defaultRequest: { cpu: '100m', memory: '128Mi' },
    },
    { type: 'Pod', max: { cpu: '1500m' } },
    { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
  );
  const ratio = range({ type: 'Container', maxLimitRequestRatio: { cpu: '4' } });

  test('fills in what is missing, says so, and decides on the quality of service', () => {
    const api = state(limits);
    const made = podOf(
      pod({
        initContainers: [container('i', { resources: { limits: { cpu: '200m' } } })],
        containers: [container('a'), container('b', { resources: { requests: { cpu: '200m' } } })],
      }),
      api,
    );
    expect(made.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; memory request for container b; cpu, memory limit for container b; memory request for init container i; memory limit for init container i',
    });
    expect(made.spec.containers[0]?.resources).toEqual({
      requests: { cpu: '100m', memory: '128Mi' },
      limits: { cpu: '500m', memory: '256Mi' },
    });
    expect(made.status.qosClass).toBe('Burstable');
  });

  test.each([
    [
      limits,
      [container('a', { resources: { limits: { cpu: 2 } } })],
      'pods "a" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]',
    ],
    [
      limits,
      [container('a', { resources: { limits: { cpu: '20m', memory: '2Gi' }, requests: { memory: '1Mi' } } })],
      'pods "a" is forbidden: [minimum cpu usage per Container is 50m, but request is 20m, minimum memory usage per Container is 32Mi, but request is 1Mi, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
    ],
    [
      limits,
      [
        container('a', { resources: { limits: { cpu: '800m' } } }),
        container('b', { resources: { limits: { cpu: '800m' } } }),
      ],
      'pods "a" is forbidden: maximum cpu usage per Pod is 1500m, but limit is 1600m',
    ],
    [
      ratio,
      [container('a', { resources: { limits: { cpu: '800m' }, requests: { cpu: '100m' } } })],
      'pods "a" is forbidden: cpu max limit to request ratio per Container is 4, but provided ratio is 8.000000',
    ],
    [
      ratio,
      [container('a')],
      'pods "a" is forbidden: cpu max limit to request ratio per Container is 4, but no request is specified or request is 0',
    ],
    [
      range({ type: 'Container', max: { cpu: '1' }, min: { memory: '1Mi' } }),
      [container('a')],
      'pods "a" is forbidden: [minimum memory usage per Container is 1Mi.  No request is specified, maximum cpu usage per Container is 1.  No limit is specified]',
    ],
  ])('refuses what is out of range', (with_, containers, message) => {
    expect(refusalOf(pod({ containers }), { api: state(with_) })).toBe(message);
  });

  test.each([
    ['3Gi', 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi'],
    ['1Mi', 'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi'],
    ['1Gi', undefined],
  ])('a claim for %s', (storage, cause) => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'a' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    };
    expect(refusalOf(claim, { api: state(limits) })).toBe(
      cause && `persistentvolumeclaims "a" is forbidden: ${cause}`,
    );
  });

  test('looks at resized pods too, and leaves other changes alone', () => {
    const api = state(limits);
    const resources_ = { requests: { cpu: '100m' } };
    const old = podOf(pod({ containers: [container('a', { resources: resources_ })] }));
    const resize = (cpu: string): string | undefined =>
      refusalOf(
        edit(old, (draft) => {
          const first = draft.spec.containers[0];
          if (first !== undefined) first.resources = { requests: { cpu: '100m' }, limits: { cpu } };
        }),
        { api, old, subresource: 'resize' },
      );
    expect(resize('2')).toBe(
      'pods "a" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]',
    );
    expect(resize('200m')).toBeUndefined();
    const labelled = edit(old, (draft) => {
      draft.metadata.labels = { a: 'b' };
    });
    expect(refusalOf(labelled, { api, old })).toBeUndefined();
  });
});

describe('PodSecurity', () => {
  const enforcing = (level: string): StateReader =>
    stateOf(namespace('adm', { 'pod-security.kubernetes.io/enforce': level }), account('adm'));
  const RESTRICTED =
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
  const safe = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      container('a', {
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      }),
    ],
  };

  test.each([
    ['restricted', {}, RESTRICTED],
    [
      'restricted',
      { containers: [container('a'), container('b')] },
      'allowPrivilegeEscalation != false (containers "a", "b" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or containers "a", "b" must set securityContext.runAsNonRoot=true), seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [
      'restricted',
      {
        initContainers: [container('i')],
        securityContext: { runAsNonRoot: false, runAsUser: 0, seccompProfile: { type: 'Unconfined' } },
        containers: [
          container('a', {
            securityContext: {
              runAsNonRoot: false,
              runAsUser: 0,
              allowPrivilegeEscalation: true,
              privileged: false,
              capabilities: { add: ['SYS_ADMIN', 'NET_BIND_SERVICE', 'CHOWN'], drop: ['CHOWN'] },
            },
          }),
        ],
      },
      'allowPrivilegeEscalation != false (containers "i", "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "i", "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN", "SYS_ADMIN" in securityContext.capabilities.add), runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod and container "a" must not set runAsUser=0), seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'restricted',
      {
        ...safe,
        volumes: [
          { name: 'h', hostPath: { path: '/' } },
          { name: 'n', nfs: { server: 'a', path: '/b' } },
          { name: 'e' },
        ],
      },
      'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")',
    ],
    [
      'restricted',
      {
        ...safe,
        securityContext: {
          ...safe.securityContext,
          sysctls: [{ name: 'kernel.msgmax', value: '1' }],
          seLinuxOptions: { type: 'x', user: 'u' },
          runAsUser: 0,
        },
      },
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set), forbidden sysctls (kernel.msgmax), runAsUser=0 (pod must not set runAsUser=0)',
    ],
    [
      'baseline',
      {
        hostNetwork: true,
        hostPID: true,
        hostIPC: true,
        containers: [
          container('a', {
            securityContext: {
              privileged: true,
              capabilities: { add: ['SYS_ADMIN', 'NET_ADMIN'] },
              seccompProfile: { type: 'Unconfined' },
            },
            ports: [{ containerPort: 80, hostPort: 80 }, { containerPort: 82 }],
          }),
          container('c', { securityContext: { privileged: true, capabilities: { add: ['SYS_TIME'] } } }),
        ],
        volumes: [
          { name: 'h', hostPath: { path: '/' } },
          { name: 'h2', hostPath: { path: '/x' } },
        ],
      },
      'non-default capabilities (containers "a", "c" must not include "NET_ADMIN", "SYS_ADMIN", "SYS_TIME" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true, hostIPC=true), hostPath volumes (volumes "h", "h2"), hostPort (container "a" uses hostPorts 80, 82), privileged (containers "a", "c" must not set securityContext.privileged=true), seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'baseline',
      {
        securityContext: { appArmorProfile: { type: 'Unconfined' } },
        containers: [container('a', { livenessProbe: { httpGet: { host: 'example.com', port: 80 } } })],
      },
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined"), probe or lifecycle host (container "a" uses probe or lifecycle host "example.com")',
    ],
    [
      'baseline',
      { securityContext: { windowsOptions: { hostProcess: true } }, hostNetwork: true },
      'host namespaces (hostNetwork=true), hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ])('%s refuses', (level, spec, violations) => {
    expect(refusalOf(pod(spec), { api: enforcing(level) })).toBe(
      `pods "a" is forbidden: violates PodSecurity "${level}:latest": ${violations}`,
    );
  });

  test('takes what is safe', () => {
    expect(refusalOf(pod(safe), { api: enforcing('restricted') })).toBeUndefined();
    expect(refusalOf(pod({}), { api: enforcing('baseline') })).toBeUndefined();
    expect(refusalOf(pod({ hostNetwork: true }), { api: enforcing('privileged') })).toBeUndefined();
  });

  test('warns of pods, and of templates at the enforced level', () => {
    const api = stateOf(
      namespace('adm', {
        'pod-security.kubernetes.io/enforce': 'baseline',
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/warn-version': 'v1.30',
      }),
      account('adm'),
    );
    const warning = `would violate PodSecurity "restricted:v1.30": ${RESTRICTED}`;
    expect(write(pod({}), { api }).warnings).toEqual([warning]);
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a' },
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: { containers: [container('a')] } },
      },
    };
    expect(write(deployment, { api }).warnings).toEqual([warning]);
    expect(write(deployment, { api: enforcing('restricted') }).warnings).toEqual([
      `would violate PodSecurity "restricted:latest": ${RESTRICTED}`,
    ]);
    expect(write(deployment).warnings).toEqual([]);
  });

  test('does not stand in the way of changes that make nothing worse', () => {
    const old = podOf(pod({}));
    const changed = edit(old, (draft) => {
      draft.metadata.labels = { a: 'b' };
    });
    expect(refusalOf(changed, { api: enforcing('restricted'), old })).toBeUndefined();
  });

  test('a namespace that becomes strict says which pods it would refuse', () => {
    const old = namespace('adm');
    const strict = namespace('adm', { 'pod-security.kubernetes.io/enforce': 'restricted' });
    const api = state(
      podOf(pod({}, { name: 'bare' })),
      podOf(pod({}, { name: 'burst' })),
      podOf(pod({}, { name: 'guar' })),
      podOf(pod(safe, { name: 'safe' })),
    );
    expect(write(strict, { api, old }).warnings).toEqual([
      'existing pods in namespace "adm" violate the new PodSecurity enforce level "restricted:latest"',
      'bare (and 2 other pods): allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile',
    ]);
    expect(write(strict, { api, old: strict }).warnings).toEqual([]);
  });

  test.each([
    ['enforce', 'foo', 'must be one of privileged, baseline, restricted'],
    ['enforce-version', 'foo', 'must be "latest" or "v1.x"'],
  ])('label %s: %s', (key, value, why) => {
    expect(refusalOf(namespace('adm', { [`pod-security.kubernetes.io/${key}`]: value }))).toBe(
      `Namespace "adm" is invalid: metadata.labels[pod-security.kubernetes.io/${key}]: Invalid value: "${value}": ${why}`,
    );
  });
});

describe('ResourceQuota', () => {
  const quota = (name: string, hard: object, more: object = {}): object => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name, namespace: 'adm' },
    spec: { hard, ...more },
    status: {},
  });
  const sized = (cpu: string, memory: string): object => ({
    containers: [container('c', { resources: { requests: { cpu }, limits: { memory } } })],
  });
  const one = podOf(pod(sized('600m', '256Mi'), { name: 'one' }));
  const compute = quota('compute', { 'requests.cpu': '1', 'limits.memory': '1Gi', pods: '3' });
  const api = state(compute, one);

  test.each([
    [
      sized('500m', '1Gi'),
      'exceeded quota: compute, requested: limits.memory=1Gi,requests.cpu=500m, used: limits.memory=256Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
    ],
    [
      {
        initContainers: [container('i', { resources: { limits: { cpu: '200m' } } })],
        containers: [container('a'), container('b', { resources: { requests: { cpu: '200m' } } })],
      },
      'failed quota: compute: must specify limits.memory for: a,b,i; requests.cpu for: a',
    ],
    [sized('400m', '768Mi'), undefined],
    [
      { resources: { requests: { cpu: '900m' }, limits: { memory: '5Gi' } } },
      'exceeded quota: compute, requested: limits.memory=5Gi,requests.cpu=900m, used: limits.memory=256Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
    ],
  ])('bounds what pods ask for: %j', (spec, cause) => {
    expect(refusalOf(pod(spec), { api })).toBe(cause && `pods "a" is forbidden: ${cause}`);
  });

  test('names the pod in full, since the name is made by then', () => {
    expect(refusalOf(pod({}, { generateName: 'web-' }), { api: state(quota('q', { pods: '0' })) })).toBe(
      'pods "web-x2vbq" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
    );
  });

  test('does not count pods that have ended', () => {
    const ended = edit(one, (draft) => {
      draft.status.phase = 'Succeeded';
    });
    expect(refusalOf(pod({}), { api: state(quota('q', { pods: '1' }), ended) })).toBeUndefined();
    expect(refusalOf(pod({}), { api: state(quota('q', { pods: '1' }), one) })).toBe(
      'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    );
  });

  test('bounds a resize by what it adds', () => {
    const resized = edit(one, (draft) => {
      const first = draft.spec.containers[0];
      if (first?.resources.requests !== undefined) first.resources.requests['cpu'] = '1100m';
    });
    expect(refusalOf(resized, { api, old: freeze(one), subresource: 'resize' })).toBe(
      'pods "one" is forbidden: exceeded quota: compute, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
  });

  test.each([
    [{ scopes: ['BestEffort'] }, true],
    [{ scopes: ['NotBestEffort'] }, false],
    [{ scopes: ['NotTerminating'] }, true],
    [{ scopes: ['Terminating'] }, false],
    [{ scopes: ['BestEffort', 'Terminating'] }, false],
    [
      {
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
        },
      },
      false,
    ],
    [
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'DoesNotExist' }] } },
      true,
    ],
  ])('%j concerns a plain pod: %s', (scope, concerns) => {
    const seen = refusalOf(pod({}), { api: state(quota('q', { pods: '0' }, scope)) });
    expect(seen !== undefined).toBe(concerns);
  });

  const objects = state(
    quota('objects', {
      configmaps: '1',
      'services.nodeports': '1',
      'services.loadbalancers': '0',
      'requests.storage': '1Gi',
      'standard.storageclass.storage.k8s.io/requests.storage': '500Mi',
      'count/deployments.apps': '0',
    }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace: 'adm' } },
  );
  const service = (spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec,
  });
  const ports = (...numbers: number[]): object[] => numbers.map((port) => ({ port, name: `p${port}` }));

  test.each([
    [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
      'configmaps "a" is forbidden: exceeded quota: objects, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    ],
    [
      service({ type: 'NodePort', ports: ports(1, 2) }),
      'services "a" is forbidden: exceeded quota: objects, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
    ],
    [
      service({ type: 'LoadBalancer', ports: ports(1) }),
      'services "a" is forbidden: exceeded quota: objects, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0',
    ],
    [service({ ports: ports(1) }), undefined],
    [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'a' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'standard',
          resources: { requests: { storage: '3Gi' } },
        },
      },
      'persistentvolumeclaims "a" is forbidden: exceeded quota: objects, requested: requests.storage=3Gi,standard.storageclass.storage.k8s.io/requests.storage=3Gi, used: requests.storage=0,standard.storageclass.storage.k8s.io/requests.storage=0, limited: requests.storage=1Gi,standard.storageclass.storage.k8s.io/requests.storage=500Mi',
    ],
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'a' },
        spec: {
          selector: { matchLabels: { app: 'a' } },
          template: { metadata: { labels: { app: 'a' } }, spec: { containers: [container('a')] } },
        },
      },
      'deployments.apps "a" is forbidden: exceeded quota: objects, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
    ],
  ])('counts objects', (manifest, message) => {
    expect(refusalOf(manifest, { api: objects })).toBe(message);
  });
});

describe('PodResizeValidator', () => {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'worker' },
    spec: {},
    status: { allocatable: { cpu: '2', memory: '4Gi' } },
  };
  const sized = (cpu: string, memory: string, nodeName?: string): Pod => {
    const resources = { requests: { cpu, memory } };
    return podOf(pod({ containers: [container('c', { resources })], ...(nodeName && { nodeName }) }));
  };
  const resized = (to: Pod, from: Pod, subresource?: 'resize'): string | undefined =>
    refusalOf(to, { api: state(node), old: freeze(from), ...(subresource && { subresource }) });
  const here = sized('1', '1Gi', 'worker');

  test.each([
    ['2', '4Gi', undefined],
    ['3', '1Gi', 'cpu, requested: 3000, allocatable: 2000'],
    ['500m', '5Gi', 'memory, requested: 5368709120, allocatable: 4294967296'],
    [
      '3',
      '5Gi',
      'cpu, requested: 3000, allocatable: 2000; memory, requested: 5368709120, allocatable: 4294967296',
    ],
  ])('%s CPUs and %s on a node of 2 and 4Gi', (cpu, memory, short) => {
    const refused = `pods "a" is forbidden: node didn't have enough allocatable resources: ${short}`;
    expect(resized(sized(cpu, memory, 'worker'), here, 'resize')).toBe(short && refused);
  });

  test.each([
    [['a'], 'spec.containers: Forbidden: containers may not be added or removed on resize'],
    [['a', 'c'], 'spec.containers[1].name: Forbidden: containers may not be renamed or reordered on resize'],
    [['a', 'b'], undefined],
  ])('the containers a and b are %j then', (names, problem) => {
    const of = (...all: string[]): Pod =>
      podOf(pod({ containers: all.map((name) => container(name)), nodeName: 'worker' }));
    const refused = `Pod "a" is invalid: ${problem}`;
    expect(resized(of(...names), of('a', 'b'), 'resize')).toBe(problem && refused);
  });

  test('a pod without a node may ask for anything, and one whose node is gone for nothing', () => {
    expect(resized(sized('64', '1Gi'), sized('1', '1Gi'), 'resize')).toBeUndefined();
    expect(resized(sized('2', '1Gi', 'lost'), sized('1', '1Gi', 'lost'), 'resize')).toBe(
      'pods "a" is forbidden: node "lost" not found',
    );
    expect(resized(sized('1', '1Gi', 'lost'), sized('1', '1Gi', 'lost'), 'resize')).toBeUndefined();
  });
});

describe('storage', () => {
  const storageClass = (name: string, creationTimestamp: string, more: object = {}): object => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      creationTimestamp,
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'x/y',
    ...more,
  });
  const claim = (spec: object): object => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'a' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });

  test('a claim gets the newest default class, and its finalizer', () => {
    const api = state(
      storageClass('old', '2026-01-01T00:00:00Z'),
      storageClass('new', '2026-02-01T00:00:00Z'),
    );
    const made = write(claim({}), { api }).object;
    expect(made).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pvc-protection'] },
      spec: { storageClassName: 'new' },
    });
    expect(write(claim({ storageClassName: '' }), { api }).object).toMatchObject({
      spec: { storageClassName: '' },
    });
  });

  test('a claim grows where its class lets it', () => {
    const api = (allowVolumeExpansion: boolean): StateReader =>
      state(storageClass('c', '2026-01-01T00:00:00Z', { allowVolumeExpansion }));
    const bound = edit(write(claim({ storageClassName: 'c' })).object, (draft) => {
      draft['status'] = { phase: 'Bound', capacity: { storage: '1Gi' } };
    });
    const grown = edit(bound, (draft) => {
      (draft['spec'] as { resources: object }).resources = { requests: { storage: '2Gi' } };
    });
    expect(refusalOf(grown, { api: api(true), old: bound })).toBeUndefined();
    expect(refusalOf(grown, { api: api(false), old: bound })).toBe(
      'persistentvolumeclaims "a" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
    const given = edit(bound, (draft) => {
      (draft['status'] as { capacity: object }).capacity = { storage: '10Gi' };
    });
    expect(refusalOf(given, { api: api(true), old: given })).toBeUndefined();
    const shrunk = edit(bound, (draft) => {
      (draft['spec'] as { resources: object }).resources = { requests: { storage: '500Mi' } };
    });
    expect(refusalOf(shrunk, { api: api(true), old: bound })).toBe(
      'PersistentVolumeClaim "a" is invalid: spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    );
  });
});

describe('warnings', () => {
  const warningsOf = (manifest: object): string[] => write(manifest).warnings;
  const workload = (kind: string, name: string, spec: object = {}, more: object = {}): object => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: { containers: [container('a')], ...spec } },
      ...more,
    },
  });

  test('of a pod', () => {
    const manifest = pod(
      {
        nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
        containers: [
          container('a', {
            env: [
              { name: 'A', value: 'a' },
              { name: 'A', value: 'b' },
              { name: 'B', value: 'b' },
              { name: 'B', value: '$(B):c' },
            ],
            ports: [{ containerPort: 80 }, { containerPort: 80, name: 'x' }],
            resources: {
              requests: { memory: '100m', 'ephemeral-storage': 0.5 },
              limits: { memory: '1500m' },
            },
          }),
        ],
      },
      { name: 'a.b' },
    );
    expect(warningsOf(manifest)).toEqual([
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
      'spec.containers[0].resources.requests[ephemeral-storage]: fractional byte value "500m" is invalid, must be an integer',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
    ]);
  });

  test('of a pod that repeats itself', () => {
    const manifest = pod({
      hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }],
      imagePullSecrets: [{ name: '' }, { name: 'b' }, { name: 'b' }],
      containers: [
        container('b', { ports: [{ containerPort: 80 }] }),
        container('c', { ports: [{ containerPort: 80 }] }),
      ],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'failure-domain.beta.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
        },
      ],
    });
    expect(warningsOf(manifest)).toEqual([
      'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
      'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
      'spec.imagePullSecrets[2].name: duplicate name "b"',
      'spec.imagePullSecrets[0].name: invalid empty name ""',
      'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
    ]);
  });

  test('of what makes pods, once: a change of something else says nothing', () => {
    const manifest = workload('Deployment', 'a', {
      containers: [container('a', { resources: { limits: { memory: '128m' } } })],
    });
    const { object: old, warnings } = write(manifest);
    expect(warnings).toEqual([
      'spec.template.spec.containers[0].resources.limits[memory]: fractional byte value "128m" is invalid, must be an integer',
    ]);
    const scaled = edit(old, (draft) => {
      (draft['spec'] as { replicas: number }).replicas = 5;
    });
    expect(write(scaled, { old }).warnings).toEqual([]);
    expect(warningsOf(workload('Deployment', 'a.b'))).toEqual([
      'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    ]);
    expect(warningsOf(workload('DaemonSet', 'a.b'))).toEqual([]);
  });

  test('of a StatefulSet', () => {
    const claims = [
      {
        metadata: { name: 'd' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1500m' } } },
      },
    ];
    const more = { serviceName: 'a', revisionHistoryLimit: -1, volumeClaimTemplates: claims };
    expect(warningsOf(workload('StatefulSet', 'a', {}, more))).toEqual([
      'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    ]);
  });

  test('of other kinds', () => {
    expect(warningsOf({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'a' } })).toEqual([
      'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    ]);
    const spec = { externalIPs: ['1.2.3.4'], ports: [{ port: 80 }] };
    expect(warningsOf({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec })).toEqual([
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ]);
  });

  test('of Services that ask for what their kind has not', () => {
    const of = (spec: object): unknown =>
      warningsOf({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec });
    const vain = {
      externalName: 'a.example',
      externalIPs: ['1.2.3.4'],
      loadBalancerIP: '1.2.3.4',
      sessionAffinity: 'ClientIP',
    };
    expect(of({ ...vain, clusterIP: 'None', ports: [{ port: 80 }] })).toEqual([
      'spec.loadBalancerIP is ignored for headless services',
      'spec.externalIPs is ignored for headless services',
      'spec.SessionAffinity is ignored for headless services',
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ]);
    expect(of({ ...vain, type: 'ExternalName' })).toEqual([
      'spec.externalIPs is ignored when spec.type is "ExternalName"',
    ]);
  });
});
