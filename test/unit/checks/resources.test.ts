import { describe, expect, test } from '@jest/globals';
import { memoryLimitWithin, requestsFit } from '../../../src/checks/resources.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, object, workload } from './support.ts';

const of = { namespace: 'shop', name: 'checkout' };
const check = memoryLimitWithin(of, { floor: '32Mi', ceiling: '1Gi' });

const container = (memory?: string, name = 'checkout') => ({
  name,
  resources: memory === undefined ? {} : { limits: { memory } },
});
const beside = (memory?: string) => ({ ...container(memory, 'beside'), restartPolicy: 'Always' });

/** A pod like the template, or with another spec. */
const look = async (template: object, pod: object = template) => {
  const lab = await labView(workload('checkout@shop', template, [{}]));
  const [live] = await lab.kube.list(resources.pods, { namespace: 'shop' });
  await lab.put({ ...live, spec: pod } as never);
  return check.look(lab);
};

describe('memoryLimitWithin', () => {
  test.each<[string, string, object]>([
    ['pass', 'a limit', { containers: [container('192Mi')] }],
    ['fail', 'none', { containers: [container()] }],
    ['fail', 'one of two without', { containers: [container('192Mi'), container(undefined, 'other')] }],
    ['fail', 'too much', { containers: [container('2Gi')] }],
    ['fail', 'too little', { containers: [container('16Mi')] }],
    ['fail', 'no bound at all', { containers: [container('0')] }],
    ['pass', 'a sidecar with one', { containers: [container('192Mi')], initContainers: [beside('64Mi')] }],
    ['fail', 'a sidecar without', { containers: [container('192Mi')], initContainers: [beside()] }],
    ['fail', 'a sidecar with too much', { containers: [container('1Gi')], initContainers: [beside('2Gi')] }],
  ])('%s: %s', async (status, _what, template) => {
    expect(await look(template)).toMatchObject({ status });
  });

  test.each<[string, object]>([
    ['another limit', { containers: [container('256Mi')], initContainers: [beside('64Mi')] }],
    ['none', { containers: [container()], initContainers: [beside('64Mi')] }],
    ['a sidecar with another', { containers: [container('192Mi')], initContainers: [beside('96Mi')] }],
    ['a sidecar more', { containers: [container('192Mi'), container('64Mi', 'third')] }],
  ])('a pod that is not like its template: %s', async (_what, pod) => {
    const template = { containers: [container('192Mi')], initContainers: [beside('64Mi')] };
    expect(await look(template)).toMatchObject({ status: 'pass' });
    expect(await look(template, pod)).toMatchObject({ status: 'fail' });
  });

  test('a Deployment that is gone is a fail', async () => {
    expect(await check.look(await labView([]))).toMatchObject({ status: 'fail' });
  });
});

describe('requestsFit', () => {
  const asking = (memory: string) => ({ name: 'one', resources: { requests: { memory } } });
  const node = object('v1', 'Node', 'worker', { spec: {}, status: { allocatable: { memory: '1Gi' } } });
  const pod = (name: string, spec: object, phase: string) =>
    object('v1', 'Pod', `${name}@shop`, { spec: { nodeName: 'worker', ...spec }, status: { phase } });
  const half = pod('half', { containers: [asking('512Mi')] }, 'Running');
  const sidecar = { ...asking('64Mi'), restartPolicy: 'Always' };

  test.each<[string, string, string, object]>([
    ['pass', 'just as much as there is', 'Running', { containers: [asking('512Mi')] }],
    ['fail', 'a byte more', 'Running', { containers: [asking('536870913')] }],
    ['fail', 'a sidecar', 'Running', { containers: [asking('500Mi')], initContainers: [sidecar] }],
    [
      'pass',
      'one that runs before',
      'Running',
      { containers: [asking('500Mi')], initContainers: [asking('64Mi')] },
    ],
    ['fail', 'one that has not started yet', 'Pending', { containers: [asking('1Gi')] }],
    ['pass', 'one that is over', 'Failed', { containers: [asking('1Gi')] }],
    ['pass', 'one that no node takes', 'Pending', { containers: [asking('1Gi')], nodeName: undefined }],
    ['pass', 'one that asks for nothing', 'Running', { containers: [{ name: 'one', resources: {} }] }],
  ])('%s: %s', async (status, _what, phase, spec) => {
    const lab = await labView([node, half, pod('other', spec, phase)]);
    expect(await requestsFit().look(lab)).toMatchObject({ status });
  });

  test('says how much is asked for', async () => {
    const lab = await labView([node, half, pod('other', { containers: [asking('600Mi')] }, 'Running')]);
    const { seen } = await requestsFit().look(lab);
    expect(seen).toBe('the pods on node worker request 1112Mi of memory, which is more than it has');
  });
});
