import { describe, expect, test } from '@jest/globals';
import type { Check } from '../../../src/checks/check.ts';
import { servesEverybody, servesNobodyOf } from '../../../src/checks/fresh-clients.ts';
import { Random } from '../../../src/core/random.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, object, workload } from './support.ts';

const from = { namespace: 'shop', app: 'gateway' };
const running = { phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] };
const objects = [
  ...workload('gateway@shop', { containers: [{ name: 'gateway', image: 'shop' }] }, [running], {
    app: 'gateway',
  }),
  object('v1', 'Pod', 'coredns@kube-system', {
    metadata: { labels: { 'k8s-app': 'kube-dns' } },
    spec: {
      containers: [
        {
          ports: [
            { containerPort: 53, protocol: 'UDP' },
            { containerPort: 53, protocol: 'TCP' },
            { containerPort: 9153, protocol: 'TCP' },
          ],
        },
      ],
    },
    status: { podIP: '10.244.0.3', conditions: [{ type: 'Ready', status: 'True' }] },
  }),
  object('v1', 'Service', 'kube-dns@kube-system', { spec: { clusterIP: '10.96.0.10' } }),
];
const kiosk = '10.96.201.20:80';

describe('a pod of nobody', () => {
  /** @param answered whether what it asks for the so many-th time is answered */
  const graded = async (check: Check, answered: (times: number, command: string) => boolean) => {
    const commands: string[] = [];
    const made: Pod[] = [];
    const exec: KubeClient['exec'] = (namespace, _pod, { command }) => {
      commands.push([namespace, ...command.slice(3)].join(' '));
      const failed = answered(commands.length, command.join(' ')) ? 0 : 1;
      return Promise.resolve({ code: 0, stdout: JSON.stringify({ failed, last: 'EAI_AGAIN' }), stderr: '' });
    };
    const lab = await labView(objects, { exec });
    const create = (async (resource: typeof resources.pods, pod: Pod) => {
      made.push(pod);
      const { name, namespace = '' } = pod.metadata;
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      await lab.put(object('v1', 'Pod', `${name}@${namespace}`, { status }));
      return lab.kube.get(resource, namespace, name);
    }) as unknown as KubeClient['create'];
    const view = { ...lab, kube: { ...lab.kube, create }, random: new Random('checks') };
    const seen = await check.grade?.(view);
    const pods = await lab.kube.list(resources.pods);
    return { seen, commands, made, left: pods.length - 2 };
  };

  test('finds names from another namespace, if not at once, and over TCP', async () => {
    const { seen, commands, made, left } = await graded(servesEverybody(from), (times) => times > 2);
    expect(seen?.status).toBe('pass');
    expect(commands).toEqual([
      ...Array(3).fill('kube-public dns kube-dns.kube-system --contains 10.96.0.10'),
      'kube-public tcp 10.96.0.10:53',
    ]);
    expect(made[0]?.spec.containers).toMatchObject([{ name: 'gateway', image: 'shop' }]);
    expect(left).toBe(0);
  });

  test('is not answered, or over UDP only', async () => {
    const { seen, left } = await graded(servesEverybody(from), () => false);
    expect(seen).toEqual({ status: 'fail', seen: 'a new pod in namespace kube-public: EAI_AGAIN' });
    expect(left).toBe(0);
    const udp = await graded(servesEverybody(from), (_times, command) => command.includes('probe dns'));
    expect(udp.seen?.status).toBe('fail');
  });

  test('reaches whom it must not', async () => {
    const check = servesEverybody(from, 'shop', [kiosk]);
    const isKiosk = (command: string): boolean => command.includes(kiosk);
    expect((await graded(check, (_times, command) => !isKiosk(command))).seen?.status).toBe('pass');
    expect((await graded(check, () => true)).seen).toEqual({
      status: 'fail',
      seen: `a new pod in namespace shop: it reaches ${kiosk}`,
    });
  });

  test.each([
    ['ask 10.96.0.10', 'reaches 10.96.0.10 (UDP)'],
    ['tcp 10.96.0.10:53', 'reaches 10.96.0.10:53'],
    ['tcp 10.244.0.3:9153', 'reaches 10.244.0.3:9153'],
  ])('must not reach CoreDNS: %s', async (open, seen) => {
    const check = servesNobodyOf(from, 'lobby');
    expect((await graded(check, () => false)).seen?.status).toBe('pass');
    expect((await graded(check, (_times, command) => command.includes(open))).seen).toEqual({
      status: 'fail',
      seen: `a new pod in namespace lobby: it ${seen}`,
    });
  });
});
