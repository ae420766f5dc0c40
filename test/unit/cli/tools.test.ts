import { faultKinds } from '../../../src/cli/cluster/fault-words.ts';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { doctor, type DoctorTools, examine } from '../../../src/cli/commands/doctor.ts';
import { shellFor } from '../../../src/cli/commands/shell.ts';
import { contextFor, runWith } from '../support/context.ts';
import { testLab } from '../support/lab.ts';

const root = mkdtempSync(join(tmpdir(), 'breakfix-tools-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('doctor', () => {
  const ok = (stdout = 'x') => Promise.resolve({ code: 0, stdout, stderr: '' });
  const kubectl = (version: string) => ok(JSON.stringify({ clientVersion: { gitVersion: version } }));
  const healthy: DoctorTools = {
    nodeVersion: '24.1.0',
    stateFolder: join(root, 'state'),
    run: (program) => (program === 'kubectl' ? kubectl('v1.36.3') : ok()),
    listen: () => Promise.resolve(),
  };
  const seen = async (changed: Partial<DoctorTools>): Promise<Record<string, boolean>> =>
    Object.fromEntries((await examine({ ...healthy, ...changed })).map(({ name, ok: fine }) => [name, fine]));
  const fine = {
    node: true,
    'state folder': true,
    ports: true,
    kubectl: true,
    docker: true,
    kind: true,
    'node image': true,
  };

  test('a machine that has everything', async () => {
    expect(await seen({})).toEqual(fine);
    expect((await examine(healthy)).every(({ fix }) => fix === undefined)).toBe(true);
  });

  test.each([
    ['22.18.9', false],
    ['22.19.0', true],
    ['20.20.2', false],
    ['26.0.0', true],
  ])('node %s', async (nodeVersion, usable) => {
    expect(await seen({ nodeVersion })).toEqual({ ...fine, node: usable });
  });

  test.each([
    ['v1.34.9', false],
    ['v1.35.0', true],
    ['v1.36.3', true],
    ['v1.37.0-alpha.1', true],
    ['v1.38.0', false],
    ['nonsense', false],
  ])('kubectl %s', async (version, usable) => {
    const run: DoctorTools['run'] = (program) => (program === 'kubectl' ? kubectl(version) : ok());
    expect(await seen({ run })).toEqual({ ...fine, kubectl: usable });
  });

  test('what is missing has a command that mends it, and only what embedded needs is needed', async () => {
    const run: DoctorTools['run'] = (program) =>
      Promise.resolve({ code: 127, stdout: '', stderr: `${program}: command not found` });
    const listen = () => Promise.reject(new Error('EPERM'));
    writeFileSync(join(root, 'file'), '');
    const findings = await examine({
      nodeVersion: '18.0.0',
      stateFolder: join(root, 'file/state'),
      run,
      listen,
    });
    expect(findings.every(({ ok: there, fix }) => !there && fix !== undefined)).toBe(true);
    expect(findings.filter(({ needed }) => needed).map(({ name }) => name)).toEqual([
      'node',
      'state folder',
      'ports',
    ]);
  });
});

describe('what doctor prints', () => {
  const missing: DoctorTools = {
    nodeVersion: '18.0.0',
    stateFolder: join(root, 'state'),
    run: () =>
      Promise.resolve({
        code: 1,
        stdout: '',
        stderr:
          'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      }),
    listen: () => Promise.resolve(),
  };

  test('fits 80 columns, says what each thing is for, and ends with 3 where embedded cannot be used', async () => {
    using lab = testLab();
    const { context, ran } = contextFor(lab, []);
    expect(await doctor(context, missing)).toBe(3);
    const { text } = ran();
    // A word cannot be broken: addresses have a line of their own.
    const long = text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
    expect(long).toEqual([]);
    expect(text).toContain('missing  node         18.0.0\n');
    expect(text).toContain('fix: docker pull kindest/node');
    expect(text).toContain('provider embedded cannot be used');
  });

  test('ends with 0 where only other providers lack something', async () => {
    using lab = testLab();
    const { context, ran } = contextFor(lab, ['--json']);
    expect(await doctor(context, { ...missing, nodeVersion: '24.0.0' })).toBe(0);
    expect(ran().document).toMatchObject({ usable: true, findings: expect.any(Array) });
  });
});

describe('completion', () => {
  test('bash completes commands, options, incidents and labs', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { text } = await runWith(lab, ['completion', 'bash']);
    const bin = join(root, 'breakfix');
    writeFileSync(
      bin,
      '#!/bin/sh\ncase "$2" in incidents) echo INC-9100;; labs) echo inc-9100;; clusters) echo dev;; faults) echo latency;; esac\n',
    );
    chmodSync(bin, 0o755);
    const complete = (...words: string[]): string => {
      const line = `PATH="${root}:$PATH"\n${text}\nCOMP_WORDS=(breakfix ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _breakfix; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim();
    };
    expect(complete('gr')).toBe('grade');
    expect(complete('st')).toBe('start status stop');
    expect(complete('start', 'INC')).toBe('INC-9100');
    expect(complete('grade', '')).toBe('inc-9100');
    expect(complete('grade', '--re')).toBe('--replay');
    expect(complete('doctor', '')).toBe('');
    expect(complete('cluster', 'st')).toBe('start stop');
    expect(complete('cluster', 'start', '--no')).toBe('--nodes');
    expect(complete('cluster', 'start', 'INC')).toBe('');
    expect(complete('cluster', 'advance', '10m', '--name', '')).toBe('dev');
    expect(complete('cluster', 'faults', '')).toBe('add remove');
    expect(complete('cluster', 'faults', 'add', '')).toBe('latency');
    expect(complete('cluster', '--json', 'faults', 'add', 'latency', '1s', '--fr')).toBe('--from');
    expect(complete('new', '')).toBe('scenario');
  });

  test.each(['zsh', 'fish'])('%s names every command', async (shell) => {
    using lab = testLab();
    const { code, text } = await runWith(lab, ['completion', shell]);
    expect(code).toBe(0);
    for (const name of ['start', 'diagnose', 'giveup', 'completion', 'cluster faults add'])
      expect(text).toContain(name);
    expect(text).not.toContain('lab-process');
  });

  test('an unknown shell gets the closest', async () => {
    using lab = testLab();
    expect(await runWith(lab, ['completion', 'bsh'])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('fix: breakfix completion bash'),
    });
    expect(await runWith(lab, ['completion', 'toString'])).toMatchObject({ code: 2 });
  });

  test.each([
    ['incidents', ['INC-9100']],
    ['ids', ['settings']],
    ['labs', ['inc-9100']],
    ['shells', ['bash', 'zsh', 'fish']],
    ['faults', Object.keys(faultKinds)],
    ['nonsense', []],
  ])('candidates for %s', async (kind, candidates) => {
    using lab = testLab();
    await runWith(lab, ['start']);
    expect((await runWith(lab, ['complete', kind])).document).toEqual(candidates);
  });
});

describe('the prompt of a shell', () => {
  test('bash keeps the user’s settings and names the incident', () => {
    const { args, files } = shellFor('/bin/bash', '/lab/shell', 'INC-9100', {});
    expect(args).toEqual(['--rcfile', '/lab/shell/bashrc', '-i']);
    writeFileSync(join(root, 'bashrc'), files['bashrc'] ?? '');
    const home = mkdtempSync(join(root, 'home-'));
    writeFileSync(join(home, '.bashrc'), 'PS1="own> "; OWN=1\n');
    const script = `. ${join(root, 'bashrc')}; echo "$PS1$OWN"`;
    const said = execFileSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: { HOME: home, PATH: process.env['PATH'] },
    });
    expect(said.trim()).toBe('(INC-9100) own> 1');
  });

  test('zsh reads the user’s own files', () => {
    const { env, files } = shellFor('/usr/bin/zsh', '/lab/shell', 'INC-9100', { ZDOTDIR: '/own' });
    expect(env).toEqual({ ZDOTDIR: '/lab/shell' });
    expect(files['.zshrc']).toContain("ZDOTDIR='/own'");
    expect(files['.zshrc']).toContain('PROMPT="(INC-9100) $PROMPT"');
  });

  test('others get it some way', () => {
    expect(shellFor('/usr/bin/fish', '/x', 'INC-1', {}).args.join(' ')).toContain('(INC-1)');
    expect(shellFor('/usr/bin/pwsh', '/x', 'INC-1', {}).args.join(' ')).toContain('(INC-1)');
    expect(shellFor('/bin/dash', '/x', 'INC-1', {}).env).toEqual({ PS1: '(INC-1) $ ' });
  });
});

describe('shell', () => {
  test('has KUBECONFIG set, and its exit code is the command’s', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const script = join(root, 'mysh');
    writeFileSync(
      script,
      '#!/bin/sh\ntest -f "$KUBECONFIG" && test "$BREAKFIX_LAB" = inc-9100 && exit 7\nexit 1\n',
    );
    chmodSync(script, 0o755);
    const before = process.env['SHELL'];
    process.env['SHELL'] = script;
    try {
      expect((await runWith(lab, ['shell'])).code).toBe(7);
      process.env['SHELL'] = '/no/such/shell';
      expect(await runWith(lab, ['shell'])).toMatchObject({
        code: 3,
        notes: expect.stringContaining('/no/such/shell'),
      });
    } finally {
      process.env['SHELL'] = before;
    }
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});
