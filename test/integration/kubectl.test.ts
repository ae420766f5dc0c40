import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands, words } from '../golden/kubectl/commands.ts';
import { normalised } from '../golden/kubectl/normalise.ts';
import { type Lab, type Newcomer, newcomer } from '../helpers/lab.ts';
import { eventually, run } from '../helpers/processes.ts';

/** What a curious learner types, through real kubectl, in one lab. */
jest.setTimeout(180_000);

const GOLDEN = join(import.meta.dirname, '..', 'golden', 'kubectl');

let user: Newcomer;
let lab: Lab;
let folder: string;
beforeAll(async () => {
  user = newcomer();
  folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  lab = await user.start(['INC-2041', '--seed', '1']);
  await lab.ok(['apply', '-f', join(GOLDEN, 'objects.yaml')]);
  await lab.ok('-n golden rollout status deploy/web --timeout=60s');
  await lab.ok('-n golden wait --for=condition=Complete job/once --timeout=60s');
  await lab.ok('-n golden wait --for=jsonpath={.status.phase}=Failed pod/failed --timeout=60s');
});
afterAll(async () => {
  await user[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const golden = (text: string): string[] => ['-n', 'golden', ...text.split(' ')];

describe('prints what it prints on a real cluster', () => {
  const recorded = readFileSync(join(GOLDEN, 'version.txt'), 'utf8').trim();
  let same = false;
  beforeAll(async () => {
    const version = await run('kubectl', ['version', '--client', '-o', 'json'], { env: user.env });
    const { clientVersion } = JSON.parse(version.stdout) as {
      clientVersion: { major: string; minor: string };
    };
    same = `${clientVersion.major}.${Number.parseInt(clientVersion.minor)}` === recorded;
  });

  test.each(commands.map((command) => [command.name, command] as const))('%s', async (name, command) => {
    const { stdin } = command;
    const ended = await lab.kubectl(words(command), stdin === undefined ? {} : { stdin });
    // Another kubectl may use other words.
    if (same) expect(normalised(command, ended)).toBe(readFileSync(join(GOLDEN, `${name}.txt`), 'utf8'));
    else expect(ended.stdout + ended.stderr).not.toBe('');
  });
});

describe('get', () => {
  test.each([
    ['-n shop get pods -o name', /^pod\/checkout-/],
    ['-n shop get deploy checkout -o jsonpath={.spec.replicas}', /^2$/],
    ['-n shop get deploy -o custom-columns=NAME:.metadata.name,N:.spec.replicas', /^NAME +N\ncheckout +2\n/],
    ['-n shop get pods --sort-by=.metadata.name', /checkout(.|\n)*refunds/],
    [
      'get nodes -o wide',
      /^NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP .*\ninc-2041-control-plane +Ready +control-plane /,
    ],
    ['get ns,pv,sc,ingressclass,priorityclass,csr', /namespace\/shop +Active/],
    ['get --raw /readyz', /^ok$/],
    ['cluster-info', /is running at/],
    ['version', /Server Version: v1\.36/],
  ])('%s', async (args, expected) => {
    expect(await lab.ok(args)).toMatch(expected);
  });

  test('-w tells of changes as they come', async () => {
    const watching = spawn('kubectl', golden('get configmap settings -w -o jsonpath={.data.COLOR}{"\\n"}'), {
      env: { ...user.env, KUBECONFIG: lab.kubeconfig },
    });
    let seen = '';
    watching.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually(() => seen.includes('blue') || undefined);
    await lab.ok(golden('label configmap settings seen=yes'));
    await eventually(() => seen === 'blue\nblue\n' || undefined, { describe: () => `seen: ${seen}` });
    watching.kill();
  });

  test('ages are never negative, and never hours for what is fresh', async () => {
    for (const kinds of ['pods,svc,deploy,rs,cm', 'events']) {
      const table = await lab.ok(golden(`get ${kinds}`));
      expect(table).not.toContain('<invalid>');
      expect(table).not.toMatch(/ -\d+s| \d+h| \d+d/);
    }
  });

  test('every kind of the shop can be described', async () => {
    const described = await lab.ok(
      '-n shop describe deploy,statefulset,rs,pod,svc,endpointslice,cm,secret,sa,pvc',
    );
    expect(described).toMatch(/^Name: +ledger-0$/m);
    expect(await lab.ok('describe nodes')).toMatch(/^Allocated resources:$/m);
    expect(await lab.ok('describe pv,sc,ns')).toMatch(/^Claim: +shop\/data-ledger-0$/m);
  });
});

describe('logs, exec, cp, port-forward', () => {
  test('logs: -f ends with its container, --tail, --since, -c', async () => {
    const chatter = 'for i in 1 2 3; do echo $i; sleep 1; done; exit 1';
    await lab.ok([
      ...golden('run chatty --image=busybox:1.37 --restart=OnFailure --command --'),
      ...['sh', '-c', chatter],
    ]);
    // Before it has started there is no log to follow.
    await lab.ok(golden('wait --for=jsonpath={.status.containerStatuses[0].started}=true pod/chatty'));
    expect(await lab.ok(golden('logs -f chatty'))).toBe('1\n2\n3\n');
    await eventually(async () => {
      const restarts = await lab.ok(
        golden('get pod chatty -o jsonpath={.status.containerStatuses[0].restartCount}'),
      );
      return restarts === '0' ? undefined : restarts;
    });
    expect(await lab.ok(golden('logs chatty --previous'))).toBe('1\n2\n3\n');
    expect(await lab.ok(golden('logs chatty --previous --tail=1'))).toBe('3\n');
    expect(await lab.ok(golden('logs chatty --previous --since=1h --timestamps'))).toMatch(/^\d{4}-\S+Z 1\n/);
    expect((await lab.kubectl(golden('logs chatty -c nonsense'))).stderr).toContain(
      'container nonsense is not valid for pod chatty',
    );
  });

  test('exec: streams, standard input, exit codes', async () => {
    const exec = (...command: string[]): string[] => [
      '-n',
      'golden',
      'exec',
      '-i',
      'deploy/web',
      '--',
      ...command,
    ];
    expect(await lab.ok(exec('cat'), { stdin: 'typed\n' })).toBe('typed\n');
    expect(await lab.ok(exec('cat', '/etc/settings/file.conf'))).toBe('one = 1\ntwo = 2\n');
    const failed = await lab.kubectl(exec('sh', '-c', 'echo out; echo err >&2; exit 7'));
    expect(failed).toMatchObject({ code: 7, stdout: 'out\n' });
    expect(failed.stderr).toContain('err\n');
    expect(await lab.ok(exec('nslookup', 'web.golden.svc.cluster.local'))).toMatch(
      /Address: 10\.96\.\d+\.\d+/,
    );
    const big = 'x'.repeat(1_000_000);
    expect((await lab.ok(exec('wc', '-c'), { stdin: big })).trim()).toBe('1000000');
  });

  test('exec: wget, httpd and nslookup of busybox', async () => {
    const sh = async (script: string): Promise<string> =>
      (await lab.kubectl([...golden('exec -i deploy/web -- sh -c'), script])).stdout;
    const site = 'mkdir -p /tmp/www/sub /tmp/www/empty; echo here > /tmp/www/sub/index.html';
    await sh(`${site}; httpd -p 8099 -h /tmp/www; httpd -p 0.0.0.0:8098 -h /tmp/www`);
    expect((await sh("netstat -tln | awk '/809/ { print $4, $5 }'")).split('\n').sort()).toEqual([
      '',
      '0.0.0.0:8098 0.0.0.0:*',
      ':::8099 :::*',
    ]);
    // A server tells its own version, whatever the client's is.
    expect(await sh("printf 'GET /sub HTTP/1.0\\r\\n\\r\\n' | nc localhost 8099 | head -n 1")).toBe(
      'HTTP/1.1 302 Found\r\n',
    );
    expect(
      await sh('(timeout 2 httpd -f -vv -p 8097; true) 2>&1 & sleep 1; wget -q localhost:8097/x; wait'),
    ).toMatch(/^\[::ffff:127\.0\.0\.1\]:\d+: url:\/x\n\[::ffff:127\.0\.0\.1\]:\d+: response:404\n/);
    // A folder without a slash is asked for with one, over the connection that was told of.
    expect(await sh('wget -O- http://localhost:8099/sub 2>&1 | head -n 3')).toBe(
      'Connecting to localhost:8099 (127.0.0.1:8099)\nwriting to stdout\nhere\n',
    );
    // Of an error the status is all that is read.
    expect(await sh('wget -qS http://localhost:8099/empty/ 2>&1')).toBe(
      '  HTTP/1.1 404 Not Found\nwget: server returned error: HTTP/1.1 404 Not Found\n',
    );
    expect(await sh('wget -q https://localhost:1 2>&1')).toBe(
      "wget: can't connect to remote host (127.0.0.1): Connection refused\n",
    );
    // Who names a server leaves resolv.conf alone, its search list too.
    expect(await sh('nslookup -type=a web; nslookup -type=a web 10.96.0.10')).toMatch(
      /^Name:\tweb\.golden\.svc\.cluster\.local$[^]*server can't find web: NXDOMAIN\n\n$/m,
    );
  });

  test('cp there and back', async () => {
    const pod = (await lab.ok(golden('get pods -l app=web -o jsonpath={.items[0].metadata.name}'))).trim();
    const path = file('there.txt', 'copied\n');
    await lab.ok(['-n', 'golden', 'cp', path, `${pod}:/tmp/there.txt`]);
    // Wholly: where output is lost (once seen, on a busy machine), what kubectl says of it tells by whom.
    const seen = await lab.kubectl(['-n', 'golden', 'exec', pod, '--', 'cat', '/tmp/there.txt']);
    expect(seen).toMatchObject({ code: 0, stdout: 'copied\n', stderr: '' });
    await lab.ok(['-n', 'golden', 'cp', `${pod}:/tmp/there.txt`, join(folder, 'back.txt')]);
    expect(readFileSync(join(folder, 'back.txt'), 'utf8')).toBe('copied\n');
  });

  test('port-forward to a pod of the shop', async () => {
    const forward = spawn('kubectl', ['-n', 'shop', 'port-forward', 'service/gateway', ':80'], {
      env: { ...user.env, KUBECONFIG: lab.kubeconfig },
    });
    let said = '';
    forward.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const port = await eventually(() => /127\.0\.0\.1:(\d+) -> 8080/.exec(said)?.[1]);
    const answers = await Promise.all(
      [1, 2].map(async () => (await fetch(`http://127.0.0.1:${port}/version`)).json() as Promise<object>),
    );
    expect(answers).toEqual([1, 2].map(() => expect.objectContaining({ role: 'gateway' })));
    forward.kill();
  });
});

describe('changes', () => {
  test('apply, diff, edit, patch, label, annotate', async () => {
    const config = (value: string): string =>
      file(
        'config.yaml',
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: mine, namespace: golden }\ndata: { a: ${value} }\n`,
      );
    expect(await lab.ok(['apply', '-f', config('one')])).toBe('configmap/mine created\n');
    expect(await lab.ok(['apply', '-f', config('one')])).toBe('configmap/mine unchanged\n');
    const diff = await lab.kubectl(['diff', '-f', config('two')]);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/^- {2}a: one\n\+ {2}a: two$/m);
    expect(await lab.ok(['apply', '-f', config('two')])).toBe('configmap/mine configured\n');
    expect(await lab.ok(['apply', '--server-side', '-f', config('two')])).toContain('serverside-applied');
    const editor = file('editor.sh', '#!/bin/sh\nsed -i s/two/three/ "$1"\n');
    chmodSync(editor, 0o755);
    expect(await lab.ok(golden('edit configmap mine'), { env: { EDITOR: editor } })).toBe(
      'configmap/mine edited\n',
    );
    const patch = (type: string, body: string): string[] => [
      '-n',
      'golden',
      'patch',
      'cm',
      'mine',
      `--type=${type}`,
      '-p',
      body,
    ];
    await lab.ok(patch('merge', '{"data":{"b":"1"}}'));
    await lab.ok(patch('json', '[{"op":"add","path":"/data/c","value":"2"}]'));
    await lab.ok(patch('strategic', '{"data":{"b":null}}'));
    expect(JSON.parse(await lab.ok(golden('get cm mine -o jsonpath={.data}')))).toEqual({
      a: 'three',
      c: '2',
    });
    await lab.ok(golden('label cm mine x=y'));
    expect((await lab.kubectl(golden('label cm mine x=z'))).stderr).toContain(
      "'x' already has a value (y), and --overwrite is false",
    );
    await lab.ok(golden('annotate cm mine note=yes'));
    await lab.ok(golden('annotate cm mine note-'));
    expect(await lab.ok(golden('delete cm mine'))).toMatch(/^configmap "mine" deleted/);
  });

  test('a manifest of 5 MB is refused clearly', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `  k${index}: ${'x'.repeat(1000)}`);
    const path = file(
      'big.yaml',
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: big }\ndata:\n${lines.join('\n')}\n`,
    );
    const refused = await lab.kubectl(['create', '-f', path]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/Request entity too large: limit is 3145728/);
  });

  test('set, scale, rollout', async () => {
    await lab.ok(golden('create deployment tool --image=busybox:1.37 --replicas=2 -- sleep 100000'));
    await lab.ok(golden('rollout status deploy/tool --timeout=60s'));
    await lab.ok(golden('set env deploy/tool A=1'));
    await lab.ok(golden('set resources deploy/tool --limits=memory=32Mi'));
    await lab.ok(golden('set image deploy/tool busybox=busybox:nope'));
    const stuck = await lab.kubectl(golden('rollout status deploy/tool --timeout=2s'));
    expect(stuck.code).toBe(1);
    expect(stuck.stderr).toContain('error: timed out waiting for the condition');
    expect(await lab.ok(golden('rollout history deploy/tool'))).toMatch(/^4 /m);
    expect(await lab.ok(golden('rollout undo deploy/tool'))).toContain('rolled back');
    await lab.ok(golden('rollout status deploy/tool --timeout=60s'));
    await lab.ok(golden('rollout restart deploy/tool'));
    await lab.ok(golden('rollout pause deploy/tool'));
    expect((await lab.kubectl(golden('rollout restart deploy/tool'))).stderr).toContain('paused');
    await lab.ok(golden('rollout resume deploy/tool'));
    await lab.ok(golden('rollout status deploy/tool --timeout=60s'));
    await lab.ok(golden('scale deploy/tool --replicas=1'));
    expect(
      (await lab.kubectl(golden('scale deploy/tool --current-replicas=9 --replicas=3'))).stderr,
    ).toContain('Expected replicas to be 9, was 1');
    await lab.ok(golden('wait --for=jsonpath={.status.replicas}=1 deploy/tool --timeout=30s'));
  });

  test('delete: --cascade=orphan leaves the pods, --grace-period=0 --force is at once', async () => {
    await lab.ok(golden('delete deploy tool --cascade=orphan'));
    expect(await lab.ok(golden('get rs -l app=tool -o name'))).toContain('replicaset.apps/tool-');
    await lab.ok(golden('delete rs -l app=tool --cascade=orphan'));
    const pod = (await lab.ok(golden('get pods -l app=tool -o name'))).split('\n')[0] ?? '';
    const start = Date.now();
    await lab.ok(['-n', 'golden', 'delete', pod, '--grace-period=0', '--force']);
    expect(Date.now() - start).toBeLessThan(25_000);
    expect((await lab.kubectl(['-n', 'golden', 'get', pod])).stderr).toContain('NotFound');
  });

  test.each([
    ['create configmap c --from-literal=a=1', 'configmap/c created'],
    ['create secret generic s --from-literal=a=1', 'secret/s created'],
    ['create job j --image=busybox:1.37 -- true', 'job.batch/j created'],
    ['create job j2 --from=cronjob/nightly', 'job.batch/j2 created'],
    ['create serviceaccount robot', 'serviceaccount/robot created'],
    ['create token robot', /^eyJ/],
    ['create role r --verb=get --resource=pods', 'role.rbac.authorization.k8s.io/r created'],
    [
      'create rolebinding rb --role=r --serviceaccount=golden:robot',
      'rolebinding.rbac.authorization.k8s.io/rb created',
    ],
    ['auth can-i get pods --as system:serviceaccount:golden:robot', 'yes'],
    ['auth whoami', /kubernetes-admin/],
    ['create ingress i --rule=a.test/=web:80', 'ingress.networking.k8s.io/i created'],
    ['create quota q --hard=pods=100', 'resourcequota/q created'],
    ['create pdb p --selector=app=none --min-available=1', 'poddisruptionbudget.policy/p created'],
    [
      'autoscale deploy web --min=1 --max=2 --cpu-percent=50',
      'horizontalpodautoscaler.autoscaling/web autoscaled',
    ],
    ['expose deploy web --name=web2 --port=80 --target-port=8080', 'service/web2 exposed'],
    ['create namespace another', 'namespace/another created'],
    ['delete namespace another', /^namespace "another" deleted/],
  ])('%s', async (args, expected) => {
    const said = await lab.ok(golden(args));
    if (typeof expected === 'string') expect(said.trim()).toBe(expected);
    else expect(said).toMatch(expected);
  });

  test('run -i runs a command and goes', async () => {
    const ended = await lab.kubectl([
      '-n',
      'golden',
      'run',
      'ask',
      '--rm',
      '-i',
      '--restart=Never',
      '--image=busybox:1.37',
      '--quiet',
      '--command',
      '--',
      'wget',
      '-qO-',
      'http://gateway.shop/version',
    ]);
    expect(ended.stdout).toContain('"role":"gateway"');
    expect((await lab.kubectl(golden('get pod ask'))).stderr).toContain('NotFound');
  });

  test('debug: an ephemeral container with the tools that the image lacks', async () => {
    await lab.ok([
      '-n',
      'shop',
      'debug',
      'ledger-0',
      '--image=busybox:1.37',
      '--profile=general',
      '--container=debugger',
      '--target=ledger',
      '--',
      'sh',
      '-c',
      'wget -qO- http://127.0.0.1:8080/version; sleep 1000',
    ]);
    await lab.ok(
      '-n shop wait --for=jsonpath={.status.ephemeralContainerStatuses[0].state.running.startedAt} pod/ledger-0 --timeout=30s',
    );
    const log = await eventually(async () => {
      const text = await lab.ok('-n shop logs ledger-0 -c debugger');
      return text === '' ? undefined : text;
    });
    expect(log).toContain('"role":"ledger"');
    // It sees the processes and the files of its target.
    expect(await lab.ok('-n shop exec ledger-0 -c debugger -- ps')).toMatch(/ 1 .* node \/app\/shop\.mjs/);
    expect(await lab.ok('-n shop exec ledger-0 -c debugger -- ls /proc/1/root/app')).toContain('shop.mjs');
  });

  test('debug of a node: its processes, its files, and the logs of its containers', async () => {
    const node = 'inc-2041-worker';
    const look = 'ps; cat /host/etc/hostname /host/var/log/pods/shop_ledger-0_*/ledger/0.log';
    await lab.ok(['debug', `node/${node}`, '--image=busybox:1.37', '--', 'sh', '-c', look]);
    // By its name: only kubectl 1.33 and later puts a label on it.
    const pods = await lab.ok('get pods -o name');
    const pod = pods.split('\n').find((name) => name.startsWith(`pod/node-debugger-${node}-`)) ?? '';
    await lab.ok(`wait ${pod} --for=jsonpath={.status.phase}=Succeeded --timeout=30s`);
    const seen = await lab.ok(`logs ${pod}`);
    expect(seen).toMatch(/^ +1 root .* \/usr\/lib\/systemd\/systemd$/m);
    expect(seen).toMatch(/^ +\d+ 1000 .* node \/app\/shop\.mjs$/m);
    expect(seen).toContain(`--provider-id=kind://docker/inc-2041/${node} `);
    expect(seen).toMatch(new RegExp(`^${node}$`, 'm'));
    expect(seen).toMatch(/^\d{4}-[\dT:.-]+Z stdout F \{.*\}$/m);
    await lab.ok(`delete ${pod} --grace-period=1`);
  });

  test('cordon, drain, uncordon', async () => {
    const node = 'inc-2041-worker';
    expect(await lab.ok(`cordon ${node}`)).toBe(`node/${node} cordoned\n`);
    expect(await lab.ok('get nodes')).toMatch(/inc-2041-worker +Ready,SchedulingDisabled/);
    const refused = await lab.kubectl(`drain ${node} --timeout=5s`);
    expect(refused.stderr).toContain(
      'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
    );
    const drained = await lab.kubectl(
      `drain ${node} --ignore-daemonsets --delete-emptydir-data --force --timeout=2s --pod-selector=app=refunds`,
    );
    expect(drained.stdout).toContain('evicting pod shop/refunds-');
    expect(await lab.ok(`uncordon ${node}`)).toBe(`node/${node} uncordoned\n`);
  });
});
