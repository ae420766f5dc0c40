import { describe, expect, test } from '@jest/globals';
import { customersServed } from '../../../src/checks/customers.ts';
import { resources } from '../../../src/model/resources.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { labView, object, type TestView, workload } from './support.ts';

const gateway = workload(
  'gateway@shop',
  { containers: [{ name: 'gateway', image: 'shop' }] },
  [{ phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] }],
  { app: 'gateway' },
);

const service = (spec: object): Manifest =>
  object('v1', 'Service', 'gateway@shop', { spec: { ports: [{ port: 80 }], ...spec } });

/** A gateway from which every URL but one is answered. @param change what happens after the shop was healthy */
async function look(
  down?: string,
  change: (lab: TestView) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ seen: unknown; asked: string[] }> {
  const asked: string[] = [];
  const lab = await labView([...gateway, service({ selector: { app: 'gateway' } })], {
    exec: (_namespace, _pod, { command }) => {
      const [, , , , url = ''] = command;
      asked.push(command.slice(4).join(' '));
      const outcome = url === down ? '502' : '200';
      const failed = url === down ? 1 : 0;
      const report = {
        attempts: 1,
        succeeded: 1 - failed,
        failed,
        outcomes: { [outcome]: 1 },
        last: outcome,
      };
      return Promise.resolve({ code: 0, stdout: JSON.stringify(report), stderr: '' });
    },
  });
  await change(lab);
  return { seen: await customersServed('shop').look(lab), asked };
}

describe('customersServed', () => {
  test('an order is paid and one is paid back, through the gateway of the shop', async () => {
    const { seen, asked } = await look();
    expect(seen).toMatchObject({ status: 'pass' });
    expect(asked).toEqual([
      expect.stringMatching(/^http:\/\/gateway\/pay --method POST .*--contains "paid"/),
      expect.stringMatching(/^http:\/\/gateway\/refund --method POST .*--contains "id"/),
    ]);
  });

  test.each(['http://gateway/pay', 'http://gateway/refund'])(
    'fails where %s is not answered',
    async (url) => {
      expect((await look(url)).seen).toMatchObject({ status: 'fail', seen: '502' });
    },
  );

  test('fails where a Service keeps the pods of today, and finds no others', async () => {
    const forgets = await look(undefined, (lab) => lab.put(service({ selector: {} })));
    expect(forgets.seen).toMatchObject({
      status: 'fail',
      seen: 'service/gateway has no selector, so it would not lead to new pods',
    });
    const elsewhere = await look(undefined, (lab) => lab.put(service({ selector: { app: 'none' } })));
    expect(elsewhere.seen).toMatchObject({
      status: 'fail',
      seen: 'service/gateway would not lead to new pods: its selector does not match their labels',
    });
  });

  test.each([
    [{ publishNotReadyAddresses: true }, 'also leads to pods that are not ready (publishNotReadyAddresses)'],
    [
      { internalTrafficPolicy: 'Local' },
      'cannot be reached from a node that has none of its pods (internalTrafficPolicy Local)',
    ],
  ])('fails where a Service became %j', async (fields, why) => {
    const { seen } = await look(undefined, (lab) =>
      lab.put(service({ selector: { app: 'gateway' }, ...fields })),
    );
    expect(seen).toMatchObject({ status: 'fail', seen: `service/gateway ${why}` });
  });

  test('a Service that is gone shows in what it is needed for, and nowhere else', async () => {
    const gone = await look(undefined, (lab) => lab.kube.delete(resources.services, 'shop', 'gateway'));
    expect(gone.seen).toMatchObject({ status: 'pass' });
  });
});
