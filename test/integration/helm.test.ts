import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { findClient } from '../helpers/clients.ts';
import { type Alone, startAloneAs } from '../helpers/cluster.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';
import { type Ended, run } from '../helpers/processes.ts';

/** helm 4 with a chart that has hooks and a test: the life of a release. */
jest.setTimeout(240_000);

const CHART = join(packageRoot, 'test', 'fixtures', 'chart');
const program = findClient('helm');
const given = program === undefined ? test.skip : test;
const name = (what: string): string =>
  program === undefined ? `${what} (skipped: there is no helm; npm run test:clients)` : what;

let user: Newcomer;
let cluster: Alone;
beforeAll(async () => {
  user = newcomer();
  if (program !== undefined) cluster = await startAloneAs(user, '--nodes', '2');
});
afterAll(async () => {
  await user.breakfix(['cluster', 'stop', '--all']);
  await user[Symbol.asyncDispose]();
});

const helm = (args: string): Promise<Ended> =>
  run(program ?? '', args.split(' '), {
    env: { ...user.env, KUBECONFIG: cluster.started.kubeconfig },
  });
const ok = async (args: string): Promise<string> => {
  const ended = await helm(args);
  if (ended.code !== 0) throw new Error(`helm ${args}: ${ended.stdout}${ended.stderr}`);
  return ended.stdout;
};
const greeting = (): Promise<string> => cluster.ok('get configmap web -o jsonpath={.data.index\\.html}');

describe('helm 4', () => {
  given(name('installs, with the hook before it, and waits'), async () => {
    const output = await ok(`install web ${CHART} --wait --timeout 90s`);
    expect(output).toMatch(/^STATUS: deployed$/m);
    expect(output).toMatch(/^hello from web, revision 1$/m);
    expect(await cluster.ok('logs job/web-pre-install')).toBe('pre-install of revision 1\n');
    expect(await cluster.ok('get deploy web')).toMatch(/^web +1\/1 +1 +1 /m);
    expect(await ok('list')).toMatch(/^web *\tdefault *\t1 *\t.*\tdeployed *\tgreeter-0\.1\.0 *\t1\.0 *$/m);
    expect(await cluster.ok('get secret -l owner=helm -o name')).toBe('secret/sh.helm.release.v1.web.v1\n');
  });

  given(name('tests'), async () => {
    const output = await ok('test web --logs --timeout 90s');
    expect(output).toMatch(/^TEST SUITE: +web-greets$/m);
    expect(output).toMatch(/^Phase: +Succeeded$/m);
    expect(output).toMatch(/^hello$/m);
  });

  given(name('upgrades, also when somebody has changed what it does not own'), async () => {
    await cluster.ok('annotate deploy web by=hand');
    const output = await ok(`upgrade web ${CHART} --set greeting=bonjour,replicas=3 --wait --timeout 90s`);
    expect(output).toMatch(/^REVISION: 2$/m);
    expect(await greeting()).toBe('bonjour');
    expect(await cluster.ok('get deploy web')).toMatch(/^web +3\/3 +3 +3 /m);
    expect(await cluster.ok('get deploy web -o jsonpath={.metadata.annotations.by}')).toBe('hand');
    expect(await cluster.ok('logs job/web-pre-upgrade')).toBe('pre-upgrade of revision 2\n');
    expect(await cluster.ok('get deploy web -o jsonpath={.metadata.managedFields[*].manager}')).toContain(
      'helm',
    );
  });

  given(name('an upgrade whose hook fails changes nothing'), async () => {
    const failed = await helm(`upgrade web ${CHART} --set greeting=salut,migrationExitCode=3 --timeout 90s`);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/pre-upgrade hooks failed.*web-pre-upgrade/s);
    expect(await greeting()).toBe('bonjour');
    expect(await ok('history web --max 10')).toMatch(/^3 .*failed/m);
  });

  given(name('rolls back'), async () => {
    expect(await ok('rollback web 1 --wait --timeout 90s')).toContain('Rollback was a success');
    expect(await greeting()).toBe('hello');
    expect(await cluster.ok('get deploy web')).toMatch(/^web +1\/1 +1 +1 /m);
    const history = await ok('history web');
    expect(history).toMatch(/^4 .*deployed.*Rollback to 1/m);
    expect(await ok('get values web --all')).toContain('greeting: hello');
  });

  given(name('what nobody can be is refused in the API’s words'), async () => {
    const failed = await helm(`upgrade web ${CHART} --set replicas=-1`);
    expect(failed.stderr).toContain(
      'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  given(name('uninstalls, with the hook after it'), async () => {
    expect(await ok('uninstall web --wait --timeout 90s')).toBe('release "web" uninstalled\n');
    expect(await cluster.ok('get deploy,svc,cm,secret -l app.kubernetes.io/instance=web')).toBe('');
    expect(await cluster.ok('logs job/web-post-delete')).toMatch(/^post-delete of revision \d+\n$/);
    expect(await ok('list --short')).toBe('');
  });
});
