import { describe, expect, test } from '@jest/globals';
import { isolates, type ReachTarget } from '../../../src/checks/reach.ts';
import { labView, workload } from './support.ts';

const allowed = { namespace: 'lobby', app: 'kiosk' };
const forbidden = { namespace: 'shop', app: 'gateway' };

/** @param index how many clients are before it: each is three objects */
const client = (path: string, index: number) => {
  const [name = ''] = path.split('@');
  const running = { phase: 'Running', containerStatuses: [{ name, state: { running: {} } }] };
  return workload(path, { containers: [{ name, image: 'shop' }] }, [running], { app: name }, index * 3 + 1);
};

/** @param reached whether the client of a namespace gets through */
async function look(target: ReachTarget, reached: Readonly<Record<string, boolean>>) {
  const asked: string[] = [];
  const lab = await labView(
    Object.keys(reached).flatMap((namespace, index) =>
      client(namespace === 'shop' ? 'gateway@shop' : 'kiosk@lobby', index),
    ),
    {
      exec: (namespace, _pod, { command }) => {
        asked.push(command.slice(3).join(' '));
        const through = reached[namespace] === true;
        const report = { attempts: 1, failed: through ? 0 : 1, last: through ? 'connected' : 'timed out' };
        return Promise.resolve({ code: 0, stdout: JSON.stringify(report), stderr: '' });
      },
    },
    ['shop', 'lobby'],
  );
  return { seen: await isolates({ allowed, forbidden, target }).look(lab), asked };
}

describe('kept from a target that others reach', () => {
  test('the one is served, the other is not', async () => {
    const { seen, asked } = await look({ tcp: '10.96.0.7:80' }, { lobby: true, shop: false });
    expect(seen).toEqual({ status: 'pass', seen: 'gateway: timed out' });
    expect(asked).toEqual(['tcp 10.96.0.7:80 --timeout 2000ms', 'tcp 10.96.0.7:80 --timeout 2000ms']);
  });

  test('both are served', async () => {
    const { seen, asked } = await look({ ask: '10.96.0.10' }, { lobby: true, shop: true });
    expect(seen).toEqual({ status: 'fail', seen: 'gateway reaches 10.96.0.10:53 (UDP)' });
    expect(asked[0]).toBe('ask 10.96.0.10 --timeout 2000ms');
  });

  test('nobody is served: that keeps nobody away', async () => {
    const { seen } = await look({ tcp: '10.96.0.7:80' }, { lobby: false, shop: false });
    expect(seen).toEqual({ status: 'fail', seen: 'kiosk does not reach 10.96.0.7:80: timed out' });
  });

  test('one of the two does not run', async () => {
    expect((await look({ tcp: '10.96.0.7:80' }, { lobby: true })).seen.status).toBe('fail');
    expect((await look({ tcp: '10.96.0.7:80' }, { shop: false })).seen.status).toBe('fail');
  });
});
