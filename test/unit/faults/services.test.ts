import { describe, expect, test } from '@jest/globals';
import { recreateService } from '../../../src/faults/services.ts';
import type { LabView } from '../../../src/checks/check.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Service } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';

const of = { namespace: 'shop', name: 'fx' };
const ports = [{ name: 'http', port: 80 }];

/** A Service, and the addresses that new ones get. */
async function labWith(...addresses: string[]) {
  const kube = fakeKube(new FakeState());
  const create = ((resource: typeof resources.services, object: Service) => {
    const clusterIP = object.spec.clusterIP ?? addresses.shift() ?? '';
    return kube.create(resource, { ...object, spec: { ...object.spec, clusterIP } });
  }) as unknown as KubeClient['create'];
  await kube.applyAll(
    [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { ...of, labels: { app: 'fx' }, annotations: { old: 'yes' } },
        spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], selector: { app: 'fx' }, ports },
      },
    ],
    { manager: 'test' },
  );
  return { lab: { kube: { ...kube, create } } as unknown as LabView, kube };
}

describe('a Service that is made again', () => {
  test('is the same but for its address', async () => {
    const { lab, kube } = await labWith('10.96.0.1', '10.96.0.1', '10.96.0.2');
    expect((await recreateService(lab, of))?.spec.clusterIP).toBe('10.96.0.2');
    expect(await kube.get(resources.services, 'shop', 'fx')).toMatchObject({
      metadata: { name: 'fx', labels: { app: 'fx' } },
      spec: { clusterIP: '10.96.0.2', selector: { app: 'fx' }, ports },
    });
  });

  test('with an address that is given', async () => {
    const { lab } = await labWith();
    expect((await recreateService(lab, of, '10.96.0.1'))?.spec.clusterIP).toBe('10.96.0.1');
  });

  test('has to be there', async () => {
    const { lab } = await labWith();
    expect(await recreateService(lab, { namespace: 'shop', name: 'gone' })).toBeUndefined();
  });
});
