import { describe, expect, test } from '@jest/globals';
import { memoryLimitWithin } from '../../../src/checks/resources.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, workload } from './support.ts';

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
