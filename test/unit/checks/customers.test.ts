import { describe, expect, test } from '@jest/globals';
import { customersServed } from '../../../src/checks/customers.ts';
import { labView, workload } from './support.ts';

const gateway = workload(
  'gateway@shop',
  { containers: [{ name: 'gateway', image: 'shop' }] },
  [{ phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] }],
  { app: 'gateway' },
);

/** A gateway from which every URL but one is answered. */
async function look(down?: string): Promise<{ seen: unknown; asked: string[] }> {
  const asked: string[] = [];
  const lab = await labView(gateway, {
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
});
