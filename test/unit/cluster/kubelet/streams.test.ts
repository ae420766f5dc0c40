import { describe, expect, test } from '@jest/globals';
import { StatusError } from '../../../../src/cluster/api.ts';
import { container, Lab } from './lab.ts';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no refusal';
}

describe('logs', () => {
  test('tail, since, limit, timestamps and previous', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['exit', '1', '4000', 'one\ntwo\nthree'])] });
    await lab.seconds(3);
    expect(lab.logs('web')).toBe('one\ntwo\nthree\n');
    expect(lab.logs('web', { tailLines: 2 })).toBe('two\nthree\n');
    expect(lab.logs('web', { tailLines: 0 })).toBe('');
    expect(lab.logs('web', { limitBytes: 5 })).toBe('one\nt');
    expect(lab.logs('web', { sinceSeconds: 1 })).toBe('');
    expect(lab.logs('web', { sinceTime: '2026-01-01T00:00:00Z', tailLines: 1 })).toBe('three\n');
    expect(lab.logs('web', { timestamps: true, tailLines: 1 })).toMatch(
      /^2026-01-01T00:00:0\d\.\d{9}Z three\n$/,
    );
    expect(refusal(() => lab.logs('web', { previous: true }))).toBe(
      '400 previous terminated container "c" in pod "web" not found',
    );
    await lab.seconds(4);
    expect(lab.status('web').restartCount).toBe(1);
    expect(lab.logs('web', { previous: true, tailLines: 1 })).toBe('three\n');
    // It has ended once more: only the newest of the runs that are over is kept.
    await lab.seconds(3);
    expect(lab.status('web').state.terminated?.exitCode).toBe(1);
    const gone = lab.status('web').lastState.terminated?.containerID;
    expect(lab.logs('web', { previous: true })).toBe(`unable to retrieve container logs for ${gone}`);
    expect(lab.logs('web', { tailLines: 1 })).toBe('three\n');
  });

  test('follow until the container ends, or as long as it is wanted', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['exit', '0', '5000', 'hello'])], restartPolicy: 'Never' });
    await lab.seconds(2);
    let text = '';
    let ended = 0;
    const sink = {
      write: (bytes: Uint8Array): void => {
        text += new TextDecoder().decode(bytes);
      },
      end: (): void => {
        ended++;
      },
    };
    lab.router.logs({ namespace: 'shop', name: 'web' }, { follow: true }, sink);
    const stop = lab.router.logs({ namespace: 'shop', name: 'web' }, { follow: true }, sink);
    stop();
    expect([text, ended]).toEqual(['hello\nhello\n', 0]);
    await lab.seconds(6);
    expect(ended).toBe(1);
    lab.router.logs({ namespace: 'shop', name: 'web' }, { follow: true }, sink);
    expect(ended).toBe(2);
  });

  test('refusals', async () => {
    const lab = new Lab();
    const two = [container(['forever']), container(['forever'], { name: 'd' })];
    lab.create('two', { initContainers: [container(['exit'], { name: 'i' })], containers: two });
    lab.create('bad', { containers: [container(['forever'], { image: 'no:1' })] });
    lab.create('big', {
      containers: [container(['forever'], { resources: { requests: { cpu: '64' } } })],
    });
    lab.create('free', { nodeName: '', containers: [container(['forever'])] });
    await lab.seconds(0.3);
    expect(refusal(() => lab.logs('bad'))).toBe(
      '400 container "c" in pod "bad" is waiting to start: ContainerCreating',
    );
    await lab.seconds(3);
    expect(refusal(() => lab.logs('two'))).toBe(
      '400 a container name must be specified for pod two, choose one of: [i c d]',
    );
    expect(refusal(() => lab.logs('two', { container: 'zz' }))).toBe(
      '400 container zz is not valid for pod two',
    );
    expect(refusal(() => lab.logs('bad'))).toBe(
      `400 container "c" in pod "bad" is waiting to start: image can't be pulled`,
    );
    await lab.seconds(14);
    expect(refusal(() => lab.logs('bad'))).toMatch(/trying and failing to pull image|image can't be pulled/);
    expect(refusal(() => lab.logs('big'))).toBe('400 container "c" in pod "big" is not available');
    expect(refusal(() => lab.logs('free'))).toBe('400 pod free does not have a host assigned');
    expect(refusal(() => lab.logs('gone'))).toBe('404 pods "gone" not found');
  });
});

describe('exec and port-forward', () => {
  const output = { stdout: () => {}, stderr: () => {}, exit: () => {} };
  const options = { command: ['env'], stdin: false, tty: false };

  test('run in the container, or say why not', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['forever'])] });
    lab.create('bad', { containers: [container(['forever'], { image: 'no:1' })] });
    await lab.seconds(3);
    expect(await lab.exec('web', ['exit', '0', '0', 'hi'])).toBe('hi\n');
    expect(await lab.exec('web', ['exit', '4'])).toBe('{"code":4}');
    const bad = { namespace: 'shop', name: 'bad' };
    expect(refusal(() => lab.router.enter(bad, 'c'))).toBe('500 container not found ("c")');
    lab.router.enter({ namespace: 'shop', name: 'web' }, 'c');
    expect(refusal(() => lab.router.exec(bad, options, output))).toBe('500 container not found ("c")');
    expect(refusal(() => lab.router.attach(bad, options, output))).toBe(
      '500 container c not found in pod bad_shop',
    );
  });

  test('a forwarded connection reaches loopback, or hears that nobody listens', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['serve', '8080'])] });
    await lab.seconds(3);
    const seen: string[] = [];
    const connect = (port: number): ReturnType<typeof lab.router.portForward> =>
      lab.router.portForward({ namespace: 'shop', name: 'web' }, port, {
        data: (bytes) => seen.push(new TextDecoder().decode(bytes)),
        end: () => seen.push('end'),
        error: (error) => seen.push(error.message),
      });
    const connection = connect(8080);
    connection.data(new TextEncoder().encode('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
    await lab.seconds(1);
    expect(seen.join('')).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*hello/);
    seen.length = 0;
    connect(9999);
    await lab.seconds(1);
    expect(seen[0]).toContain('error forwarding port 9999 to pod ');
    expect(seen[0]).toContain('IPv4: dial tcp4 127.0.0.1:9999: connect: connection refused');
  });
});
