import { describe, expect, test } from '@jest/globals';
import { AgnhostLab } from './support.ts';

/** Runs a subcommand to its end. */
async function run(args: readonly string[], seconds = 5): Promise<{ log: string; code: number | undefined }> {
  const lab = new AgnhostLab();
  const started = lab.start('pod', args);
  await lab.world.run(seconds);
  return { log: started.log(), code: started.code() };
}

describe('programs that end', () => {
  test('entrypoint-tester prints the whole argument vector', async () => {
    expect(await run(['entrypoint-tester', 'a', 'b c'])).toEqual({
      log: '[/agnhost entrypoint-tester a b c]\n',
      code: 0,
    });
  });

  test('mounttest writes, shows modes and owners, and fails for what is not there', async () => {
    const { log, code } = await run([
      'mounttest',
      '--fs_type=/tmp',
      '--new_file_0660=/tmp/file',
      '--file_mode=/tmp',
      '--file_perm=/tmp/file',
      '--file_owner=/tmp/file',
    ]);
    expect(log.split('\n')).toEqual([
      'mount type of "/tmp": 2035054128',
      'content of file "/tmp/file": mount-tester new file',
      '',
      'mode of file "/tmp": dtrwxrwxrwx',
      'perms of file "/tmp/file": -rw-rw----',
      'owner UID of "/tmp/file": 0',
      'owner GID of "/tmp/file": 0',
      '',
    ]);
    expect(code).toBe(0);
    expect(await run(['mounttest', '--file_content=/none'])).toEqual({
      log: 'error reading file content for "/none": open /none: no such file or directory\n',
      code: 1,
    });
  });

  test('mounttest reads in a loop until its time is over', async () => {
    const args = [
      '--file_content_in_loop=/etc/nothing',
      '--retry_time=5',
      '--break_on_expected_content=false',
    ];
    const lab = new AgnhostLab();
    const started = lab.start('pod', ['mounttest', ...args]);
    await lab.world.run(5.5);
    expect(started.code()).toBeUndefined();
    expect(started.log().match(/^Error reading file/gm)).toHaveLength(3);
    await lab.world.run(1);
    expect(started.code()).toBe(1);
  });

  test('logs-generator spreads its lines over its time', async () => {
    const lab = new AgnhostLab();
    const started = lab.start('pod', ['logs-generator', '-t', '10', '--run-duration', '10s']);
    await lab.world.run(4.5);
    expect(
      started.log().match(/^I\d{4} [\d:.]+ +\d+ logs_generator.go:\d+\] \d+ (GET|POST|PUT) \/api\/v1/gm),
    ).toHaveLength(5);
    await lab.world.run(6);
    expect([started.log().trim().split('\n').length, started.code()]).toEqual([10, 0]);
    expect((await run(['logs-generator'])).code).toBe(255);
  });

  test('what it does not know it refuses', async () => {
    expect(await run(['nonsense'])).toMatchObject({
      code: 1,
      log: expect.stringMatching(/unknown command "nonsense"/),
    });
    expect(await run(['netexec', '--nonsense'])).toEqual({
      log: 'Error: unknown flag: --nonsense\n',
      code: 1,
    });
    expect(await run(['netexec', '--http-port=x'])).toMatchObject({ code: 1 });
  });

  test('pause tells by which signal it ended', async () => {
    const lab = new AgnhostLab();
    const started = lab.start('pod', ['pause']);
    await lab.world.run(1);
    started.container.kill('SIGTERM');
    await lab.world.run(1);
    expect(started.code()).toBe(2);
    expect(started.log()).toBe('Paused\nSignals registered\nexiting because of signal "terminated"\n');
  });
});

describe('servers', () => {
  test('netexec tells who asks and who answers, over HTTP and UDP', async () => {
    const lab = new AgnhostLab();
    const server = lab.start('server', ['netexec']);
    const client = lab.start('client', ['pause']);
    const curl = async (path: string): Promise<string> =>
      (await lab.exec(client, `curl -g -q -s 'http://${server.ip}:8080${path}'`)).stdout;
    expect(await curl('/hostname')).toBe('server');
    expect(await curl('/clientip')).toMatch(new RegExp(`^${client.ip}:\\d+$`));
    expect(await curl('/echo?msg=a%20b')).toBe('a b');
    expect(await curl('/header?key=user-agent')).toMatch(/^curl\//);
    expect(await curl(`/dial?host=server&port=8080&request=hostname&tries=2`)).toBe(
      '{"responses":["server","server"]}',
    );
    expect(await curl(`/dial?host=server&port=8081&request=echo%20Hi&protocol=udp`)).toBe(
      '{"responses":["hi"]}',
    );
    expect(await curl(`/dial?host=server&port=9&request=hostname`)).toMatch(
      /"errors":\["Get .*connection refused"\]/,
    );
    expect(JSON.parse(await curl('/shell?cmd=echo%20out%3B%20exit%203'))).toEqual({
      output: 'out\n',
      error: 'exit status 3',
    });
    const codes = await lab.exec(
      client,
      `curl -s -o /dev/null -w '%{http_code}' ${server.ip}:8080/readyz; curl -sS ${server.ip}:99`,
    );
    expect(codes).toMatchObject({
      stdout: '200',
      code: 7,
      stderr: expect.stringMatching(/^curl: \(7\) Failed to connect/),
    });
    expect((await lab.exec(client, `echo hostname | nc -u -w 2 ${server.ip} 8081`)).stdout).toBe('server');
    await curl('/exit?code=4');
    expect(server.code()).toBe(4);
  });

  test('a server over plain TCP is heard by nc; one over HTTP answers what is no HTTP', async () => {
    const lab = new AgnhostLab();
    const plain = lab.start('plain', ['serve-hostname', '--tcp', '--http=false', '--port=80']);
    const client = lab.start('client', ['netexec']);
    expect((await lab.exec(client, `nc -v -w 2 ${plain.ip} 80`)).stdout).toBe('plain');
    expect((await lab.exec(client, 'echo hostName | nc -v -t -w 2 127.0.0.1 8080')).stdout).toMatch(
      /^HTTP\/1.1 400 Bad Request/,
    );
  });

  test('liveness is healthy for ten seconds', async () => {
    const lab = new AgnhostLab();
    const server = lab.start('server', ['liveness']);
    const status = async (): Promise<string> =>
      (await lab.exec(server, 'curl -s -o /dev/null -w "%{http_code}" localhost:8080/healthz', 2)).stdout;
    expect(await status()).toBe('200');
    await lab.world.run(10);
    expect(await status()).toBe('500');
  });

  test('porter says what its environment says, over TLS too', async () => {
    const lab = new AgnhostLab();
    const env = { SERVE_PORT_80: 'plain', SERVE_TLS_PORT_443: 'secret', SERVE_UDP_PORT_90: 'datagram' };
    const server = lab.start('server', ['porter'], env);
    const outcome = await lab.exec(
      server,
      'curl -s localhost; echo; curl -sk https://localhost; echo; curl -s https://localhost; echo $?; echo x | nc -u -w 1 127.0.0.1 90',
    );
    expect(outcome.stdout).toBe('plain\nsecret\n60\ndatagram');
  });

  test('the replicas of a guest book learn what the primary is told', async () => {
    const lab = new AgnhostLab();
    lab.start('agnhost-primary', ['guestbook', '--http-port', '6379']);
    lab.start('agnhost-replica', ['guestbook', '--replicaof', 'agnhost-primary', '--http-port', '6379']);
    const front = lab.start('front', ['guestbook']);
    await lab.world.run(2);
    const ask = async (query: string): Promise<string> =>
      (await lab.exec(front, `curl -s 'localhost/guestbook?${query}'`)).stdout;
    expect(await ask('cmd=set&key=messages&value=hello')).toBe('{"message":"Updated"}');
    expect(await ask('cmd=get&key=messages')).toBe('{"data":"hello"}');
  });

  test('test-webserver serves files and lists folders', async () => {
    const lab = new AgnhostLab();
    const server = lab.start('server', ['test-webserver']);
    const { stdout } = await lab.exec(
      server,
      'mkdir /data; echo hi > /data/a; for p in data/a data/ data/b; do curl -s localhost/$p; done',
    );
    expect(stdout).toContain('hi\n<!doctype html>');
    expect(stdout).toContain('<a href="a">a</a>\n</pre>\n404 page not found\n');
  });
});
