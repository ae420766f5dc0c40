import { describe, expect, test } from '@jest/globals';
import type { Probe } from '../../../../src/model/objects.ts';
import { edit } from '../../../../src/core/json.ts';
import { resources } from '../../../../src/model/resources.ts';
import { container, Lab } from './lab.ts';

const probe = (more: Partial<Probe>): Probe => ({
  timeoutSeconds: 1,
  periodSeconds: 5,
  successThreshold: 1,
  failureThreshold: 3,
  ...more,
});

/** The text of the first Unhealthy event of a pod with this readiness probe. */
async function failure(command: readonly string[], more: Partial<Probe>): Promise<string | undefined> {
  const lab = new Lab();
  const ports = [{ name: 'web', containerPort: 8080, protocol: 'TCP' as const }];
  lab.create('web', { containers: [container(command, { readinessProbe: probe(more), ports })] });
  await lab.seconds(9);
  return lab
    .events('web')
    .find((event) => /Unhealthy|ProbeWarning/.test(event))
    ?.replace(/ x\d+$/, '');
}

describe('what a probe that fails says', () => {
  test.each<[string, readonly string[], Partial<Probe>, string | undefined]>([
    [
      'refused',
      ['forever'],
      { httpGet: { port: 8081, path: '/readyz' } },
      'Readiness probe failed: Get "http://10.244.1.2:8081/readyz": dial tcp 10.244.1.2:8081: connect: connection refused',
    ],
    [
      'status',
      ['serve', '8080', '503'],
      { httpGet: { port: 'web', path: '/x' } },
      'Readiness probe failed: HTTP probe failed with statuscode: 503',
    ],
    [
      'slow',
      ['serve', '8080'],
      { httpGet: { port: 8080, path: 'slow' } },
      'Readiness probe failed: Get "http://10.244.1.2:8080/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ],
    [
      'redirect to another host',
      ['serve', '8080'],
      { httpGet: { port: 8080, path: '/moved' } },
      'Readiness probe warning: Probe terminated redirects, Response body: gone',
    ],
    [
      'TLS asked of a plain server',
      ['serve', '8080'],
      { httpGet: { port: 8080, path: '/', scheme: 'HTTPS' } },
      'Readiness probe failed: Get "https://10.244.1.2:8080/": http: server gave HTTP response to HTTPS client',
    ],
    [
      'tcp',
      ['forever'],
      { tcpSocket: { port: 9999 } },
      'Readiness probe failed: dial tcp 10.244.1.2:9999: connect: connection refused',
    ],
    [
      'exec',
      ['forever'],
      { exec: { command: ['exit', '1', '0', 'not yet'] } },
      'Readiness probe failed: not yet\n',
    ],
    [
      'exec that hangs',
      ['forever'],
      { exec: { command: ['exit', '0', '9000'] } },
      'Readiness probe failed: command timed out: "exit 0 9000" timed out after 1s',
    ],
    ['tcp that works', ['serve', '8080'], { tcpSocket: { port: 'web' } }, undefined],
    ['tcp with an empty host', ['serve', '8080'], { tcpSocket: { port: 'web', host: '' } }, undefined],
    ['http with an empty host', ['serve', '8080'], { httpGet: { port: 'web', host: '' } }, undefined],
    ['http that works', ['serve', '8080'], { httpGet: { port: 8080 } }, undefined],
    ['exec that works', ['forever'], { exec: { command: ['exit', '0'] } }, undefined],
  ])('%s', async (_name, command, more, text) => {
    const event = await failure(command, more);
    expect(event?.replace(/^Warning \w+ c: /, '')).toBe(text);
  });

  test('exec of what is not there is an error, not a failure', async () => {
    const event = await failure(['forever'], { exec: { command: ['nosuch', 'arg'] } });
    expect(event).toMatch(
      /^Warning Unhealthy c: Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH$/,
    );
  });
});

describe('gRPC', () => {
  test.each([
    ['a server that is healthy', 0, '', undefined],
    ['one that is not', 0, 'ill', 'Readiness probe failed: service unhealthy (responded with "NOT_SERVING")'],
    [
      'one that does not know the service',
      0,
      'other',
      'Readiness probe failed: error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
    ],
    [
      'nobody',
      1,
      '',
      'Readiness probe failed: timeout: failed to connect service "10.244.1.2:5001" within 1s: context deadline exceeded',
    ],
  ])('%s', async (_what, offset, service, expected) => {
    expect(await failure(['health', '5000'], { grpc: { port: 5000 + offset, service } })).toBe(
      expected && `Warning Unhealthy c: ${expected}`,
    );
  });

  test('a server that speaks only HTTP implements no health check', async () => {
    expect(await failure(['serve', '8080'], { grpc: { port: 8080 } })).toMatch(
      /does not implement the grpc health protocol/,
    );
  });
});

describe('liveness', () => {
  test('kills and restarts, with the events of a real kubelet', async () => {
    const lab = new Lab();
    const livenessProbe = probe({ httpGet: { port: 8081, path: '/livez' }, failureThreshold: 2 });
    lab.create('web', {
      terminationGracePeriodSeconds: 8,
      containers: [container(['stubborn'], { livenessProbe })],
    });
    await lab.seconds(22);
    const refused =
      'Get "http://10.244.1.2:8081/livez": dial tcp 10.244.1.2:8081: connect: connection refused';
    expect(lab.events('web').slice(3)).toEqual([
      expect.stringMatching(/^Warning Unhealthy c: /),
      'Normal Killing c: Container c failed liveness probe, will be restarted',
    ]);
    expect(lab.events('web')[3]).toContain(`Liveness probe failed: ${refused}`);
    expect(lab.status('web').restartCount).toBe(1);
    expect(lab.status('web').lastState.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
  });

  test('restarts without back-off as long as runs last', async () => {
    const lab = new Lab();
    const livenessProbe = probe({ tcpSocket: { port: 1 }, failureThreshold: 2 });
    lab.create('web', {
      terminationGracePeriodSeconds: 8,
      containers: [container(['stubborn'], { livenessProbe })],
    });
    // As on a real cluster (recorded): restarts at 23, 38 and 53 s, and back-off after the fourth kill.
    await lab.seconds(58);
    expect(lab.status('web').restartCount).toBe(3);
    expect(lab.events('web').some((event) => event.includes('BackOff'))).toBe(false);
    await lab.seconds(16);
    expect(lab.events('web').some((event) => event.includes('BackOff'))).toBe(true);
  });

  test('its own grace period goes first', async () => {
    const lab = new Lab();
    const livenessProbe = probe({
      tcpSocket: { port: 1 },
      failureThreshold: 1,
      terminationGracePeriodSeconds: 3,
    });
    lab.create('web', { containers: [container(['stubborn'], { livenessProbe })] });
    await lab.seconds(12);
    expect(lab.status('web').restartCount).toBe(1);
    expect(lab.events('web').join('\n')).toContain(
      'Normal Killing c: Container c failed liveness probe, will be restarted',
    );
  });

  test('with Never it leaves the container dead, and is not given as the reason: the pod is stopped', async () => {
    const lab = new Lab();
    const livenessProbe = probe({ tcpSocket: { port: 1 }, failureThreshold: 1 });
    lab.create('web', {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 3,
      containers: [container(['stubborn'], { livenessProbe })],
    });
    await lab.seconds(12);
    expect(lab.pod('web').status.phase).toBe('Failed');
    expect(lab.events('web')).toContain('Normal Killing c: Stopping container c');
  });

  test('waits for the startup probe', async () => {
    const lab = new Lab();
    lab.create('web', {
      containers: [
        container(['serve', '8080', '200', '12000'], {
          startupProbe: probe({ tcpSocket: { port: 8080 }, failureThreshold: 30 }),
          livenessProbe: probe({ tcpSocket: { port: 8080 }, failureThreshold: 1 }),
        }),
      ],
    });
    await lab.seconds(10);
    expect(lab.status('web')).toMatchObject({ started: false, ready: false });
    await lab.seconds(10);
    expect(lab.status('web')).toMatchObject({ started: true, ready: true, restartCount: 0 });
  });

  test('a startup probe that fails restarts the container', async () => {
    const lab = new Lab();
    const startupProbe = probe({ tcpSocket: { port: 1 }, failureThreshold: 2 });
    lab.create('web', {
      terminationGracePeriodSeconds: 2,
      containers: [container(['forever'], { startupProbe })],
    });
    await lab.seconds(16);
    expect(lab.events('web')).toContain(
      'Normal Killing c: Container c failed startup probe, will be restarted',
    );
    expect(lab.status('web').restartCount).toBe(1);
  });
});

describe('readiness', () => {
  test('comes and goes without restarts, at the threshold', async () => {
    const lab = new Lab();
    const readinessProbe = probe({ exec: { command: ['cat', '/ok'] }, periodSeconds: 2 });
    lab.create('web', { containers: [container(['forever'], { readinessProbe })] });
    await lab.seconds(5);
    expect(lab.status('web').ready).toBe(false);
    await lab.exec('web', ['write', '/ok', 'yes']);
    await lab.seconds(2);
    expect(lab.status('web').ready).toBe(true);
    await lab.exec('web', ['rm', '/ok']);
    await lab.seconds(3);
    // Two failures are not three.
    expect(lab.status('web').ready).toBe(true);
    await lab.seconds(3);
    expect(lab.status('web').ready).toBe(false);
    expect(lab.condition('web', 'Ready')).toContain('ContainersNotReady');
    expect(lab.status('web').restartCount).toBe(0);
  });

  test('waits for readiness gates', async () => {
    const lab = new Lab();
    lab.create('web', {
      readinessGates: [{ conditionType: 'example.com/ok' }],
      containers: [container(['forever'])],
    });
    await lab.seconds(4);
    expect(lab.condition('web', 'ContainersReady')).toBe('True');
    expect(lab.condition('web', 'Ready')).toBe(
      'False ReadinessGatesNotReady: corresponding condition of pod readiness gate "example.com/ok" does not exist.',
    );
    setGate(lab, 'False');
    await lab.seconds(1);
    expect(lab.condition('web', 'Ready')).toBe(
      'False ReadinessGatesNotReady: the status of pod readiness gate "example.com/ok" is not "True", but False',
    );
    setGate(lab, 'True');
    await lab.seconds(1);
    expect(lab.condition('web', 'Ready')).toBe('True');
    expect(lab.condition('web', 'example.com/ok')).toBe('True');
  });

  test('a status that somebody else wrote is put right', async () => {
    const lab = new Lab();
    const readinessProbe = probe({ tcpSocket: { port: 1 } });
    lab.create('web', { containers: [container(['forever'], { readinessProbe })] });
    await lab.seconds(4);
    lab.api.updateStatus(
      resources.pods,
      edit(lab.pod('web'), (draft) => {
        for (const condition of draft.status.conditions ?? []) condition.status = 'True';
        for (const status of draft.status.containerStatuses ?? []) status.ready = true;
      }),
    );
    expect(lab.condition('web', 'Ready')).toContain('True');
    await lab.seconds(2);
    expect(lab.condition('web', 'Ready')).toContain('False');
    expect(lab.status('web').ready).toBe(false);
  });
});

function setGate(lab: Lab, status: 'True' | 'False'): void {
  lab.api.updateStatus(
    resources.pods,
    edit(lab.pod('web'), (draft) => {
      const others = (draft.status.conditions ?? []).filter(({ type }) => type !== 'example.com/ok');
      draft.status.conditions = [...others, { type: 'example.com/ok', status }];
    }),
  );
}
