import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { packageRoot } from '../../src/core/package-root.ts';
import type { LabRecord } from '../../src/engine/lab-store.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';
import { type Ended, eventually, run } from '../helpers/processes.ts';
import { describeReal } from './kind.ts';

jest.setTimeout(900_000);
const PATIENT = { killAfter: 600_000 };
const KUBECONFIG = '# mine\n';

async function docker(...args: string[]): Promise<readonly string[]> {
  const { PATH, HOME } = process.env;
  const { stdout } = await run('docker', args, { env: { PATH, HOME } });
  return stdout.split('\n').filter((line) => line !== '');
}

const networks = (): Promise<readonly string[]> => docker('network', 'ls', '--format', '{{.Name}}');
const containersOf = (cluster: string): Promise<readonly string[]> =>
  docker('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${cluster}`);

describeReal('the life of a lab on kind', () => {
  let user: Newcomer;
  let networksBefore: readonly string[];
  /** Every cluster name that a lab has planned. */
  const clusters: string[] = [];

  const labs = (): readonly string[] => readdirSync(join(user.state, 'breakfix/labs'));
  const recordOf = (lab: string): string => join(user.state, 'breakfix/labs', lab, 'lab.json');
  const clusterOf = (lab: string): string => {
    const cluster = String((JSON.parse(readFileSync(recordOf(lab), 'utf8')) as LabRecord).cluster['cluster']);
    clusters.push(cluster);
    return cluster;
  };
  /** Starts a lab and sends a signal as soon as the first of its nodes is there. */
  const cutOff = async (lab: string, signal: 'SIGINT' | 'SIGKILL'): Promise<Ended> => {
    const args = [join(packageRoot, 'dist/breakfix.js'), 'start', 'INC-2041', '--provider', 'kind'];
    const child = spawn(process.execPath, args, { env: user.env, stdio: 'ignore' });
    const ended = new Promise<number | undefined>((resolve) => {
      child.once('exit', (code) => resolve(code ?? undefined));
    });
    // The folder is there a moment before the record is.
    const cluster = await eventually(() => (existsSync(recordOf(lab)) ? clusterOf(lab) : undefined));
    const nodes = async () => ((await containersOf(cluster)).length > 0 ? true : undefined);
    await eventually(nodes, { withinMs: 120_000 });
    child.kill(signal);
    return { code: await ended, stdout: '', stderr: '' };
  };

  beforeAll(async () => {
    user = newcomer();
    networksBefore = await networks();
    mkdirSync(join(user.home, '.kube'));
    writeFileSync(join(user.home, '.kube/config'), KUBECONFIG);
    expect(
      await user.breakfix(['start', 'INC-2041', '--seed', '1', '--provider', 'kind'], PATIENT),
    ).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await user.breakfix(['stop', '--all'], PATIENT);
    await user[Symbol.asyncDispose]();
  });

  test('status, repair and grade work from other processes', async () => {
    const status = await user.breakfix(['status', '--json'], PATIENT);
    expect(JSON.parse(status.stdout)).toMatchObject({
      labs: [{ lab: 'inc-2041', provider: 'kind', state: 'running', symptom: '3 of 3 symptoms still show' }],
    });
    await user
      .lab('inc-2041')
      .ok([
        ...['-n', 'shop', 'patch', 'deployment', 'refunds', '--type=json', '-p'],
        '[{"op":"replace","path":"/spec/template/spec/containers/0/readinessProbe/httpGet/port","value":"http"}]',
      ]);
    const graded = await user.breakfix(['grade', '--json'], PATIENT);
    expect(graded).toMatchObject({ code: 0 });
    expect(JSON.parse(graded.stdout)).toMatchObject({ verdict: 'pass', points: 100 });
  });

  test('its nodes read the counters of containers seldom', async () => {
    const node = `${clusterOf('inc-2041')}-worker`;
    expect(await docker('exec', node, 'containerd', 'config', 'dump')).toContain(
      "    stats_collect_period = '1m'",
    );
  });

  test('the next lab has the cluster of the one before, as new', async () => {
    const ids = (cluster: string): Promise<readonly string[]> =>
      docker('ps', '--quiet', '--no-trunc', '--filter', `name=${cluster}`);
    const cluster = clusterOf('inc-2041');
    const nodes = await ids(cluster);
    const lab = user.lab('inc-2041');
    await lab.ok(['create', 'namespace', 'leftover']);
    await lab.ok(['create', 'clusterrole', 'leftover', '--verb=get', '--resource=pods']);
    await lab.ok(['cordon', `${cluster}-worker`]);
    const stopped = await user.breakfix(['stop', 'inc-2041'], PATIENT);
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('kept for the next lab') });
    expect(labs()).toEqual(['kept']);
    expect(
      await user.breakfix(['start', 'INC-2041', '--seed', '2', '--provider', 'kind'], PATIENT),
    ).toMatchObject({ code: 0 });
    expect(labs()).toEqual(['inc-2041']);
    expect(clusterOf('inc-2041')).toBe(cluster);
    expect(await ids(cluster)).toEqual(nodes);
    expect(await lab.ok(['get', 'namespaces,clusterroles', '-o', 'name'])).not.toContain('leftover');
    expect(await lab.ok(['get', 'nodes'])).not.toContain('SchedulingDisabled');
  });

  test('Ctrl-C while the cluster is made leaves nothing of it, and the other lab alone', async () => {
    expect(await cutOff('inc-2041-2', 'SIGINT')).toMatchObject({ code: 130 });
    expect(labs()).toEqual(['inc-2041']);
    expect(await containersOf(clusters.at(-1) ?? '')).toEqual([]);
    expect(await containersOf(clusterOf('inc-2041'))).toHaveLength(2);
  });

  test('a crash while the cluster is made leaves nothing that stop cannot find', async () => {
    expect(await cutOff('inc-2041-2', 'SIGKILL')).toMatchObject({ code: undefined });
    const status = await user.breakfix(['status', '--json'], PATIENT);
    expect((JSON.parse(status.stdout) as { labs: { lab: string }[] }).labs.map(({ lab }) => lab)).toEqual([
      'inc-2041',
      'inc-2041-2',
    ]);
    expect(await user.breakfix(['stop', 'inc-2041-2'], PATIENT)).toMatchObject({ code: 0 });
    expect(await containersOf(clusters.at(-1) ?? '')).toEqual([]);
    expect(labs()).toEqual(['inc-2041']);
  });

  test('a cluster that was deleted under the lab is told; stop removes the rest', async () => {
    const cluster = clusterOf('inc-2041');
    await docker('rm', '--force', '--volumes', ...(await containersOf(cluster)));
    const graded = await user.breakfix(['grade', '--json'], PATIENT);
    expect(graded).toMatchObject({ code: 4 });
    expect(JSON.parse(graded.stdout)).toMatchObject({ error: { code: 'CLUSTER_GONE', kind: 'lab' } });
    expect(await user.breakfix(['stop', '--all'], PATIENT)).toMatchObject({ code: 0 });
    expect(labs()).toEqual([]);
    for (const name of clusters) expect(await containersOf(name)).toEqual([]);
    expect(await networks()).toEqual(networksBefore);
    expect(readFileSync(join(user.home, '.kube/config'), 'utf8')).toBe(KUBECONFIG);
    expect(readdirSync(join(user.home, '.kube')).filter((name) => name !== 'cache')).toEqual(['config']);
  });
});
