import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { exitCodeOf, exitCodeOfVerdict, exitCodes } from '../../../src/cli/exit-codes.ts';
import { Cancelled, type Prompts } from '../../../src/cli/prompts.ts';
import { createProgram, runIn } from '../../../src/cli/program.ts';
import { LabFolder } from '../../../src/engine/lab-store.ts';
import { runWith } from '../support/context.ts';
import { testLab } from '../support/lab.ts';
import { setValues } from '../support/settings-scenario.ts';

const out = mkdtempSync(join(tmpdir(), 'breakfix-cli-'));
afterAll(() => rmSync(out, { recursive: true }));

/** Commander writes by itself where it was used wrongly. */
const silence = (): Disposable => {
  const spies = [process.stderr, process.stdout].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation(() => true),
  );
  return { [Symbol.dispose]: () => spies.forEach((spy) => spy.mockRestore()) };
};

describe('the tree of commands', () => {
  const program = createProgram(() => Promise.resolve());
  const withAllBelow = (command: Command): Command[] => [command, ...command.commands.flatMap(withAllBelow)];
  const commands = program.commands.flatMap(withAllBelow);
  const helpOf = (command: (typeof commands)[number]): string => {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    return text;
  };
  const shown = commands.filter((command) => command.name() !== 'complete');

  test.each(shown.map((command) => [command.name(), command] as const))(
    '%s: its examples are command lines',
    async (_name, command) => {
      const examples = [...helpOf(command).matchAll(/^ {2}\$ breakfix (.*)$/gm)].map(([, line = '']) => line);
      expect(examples.length).toBeGreaterThan(0);
      for (const line of examples) {
        let ran = 0;
        const fresh = createProgram(() => {
          ran++;
          return Promise.resolve();
        });
        await fresh.parseAsync(line.split(' '), { from: 'user' });
        expect(ran).toBe(1);
      }
    },
  );

  test.each([program, ...shown].map((command) => [command.name(), command] as const))(
    '%s: its help has 80 columns',
    (_name, command) => {
      expect(
        helpOf(command)
          .split('\n')
          .filter((line) => line.length > 80),
      ).toEqual([]);
    },
  );

  test('a flag behind a command is that command’s, also where the one above has it too', async () => {
    const tree = createProgram(() => Promise.resolve());
    await tree.parseAsync('cluster faults add latency 1s --name dev --json'.split(' '), { from: 'user' });
    const add = withAllBelow(tree).find((command) => command.name() === 'add');
    expect(add?.opts()).toEqual({ name: 'dev', json: true });
  });

  test.each(shown.map((command) => [command.name(), command] as const))(
    '%s: help fits 80 columns, and --json is offered',
    (_name, command) => {
      const help = helpOf(command);
      for (const line of help.split('\n').filter((one) => !one.startsWith('  $'))) {
        expect(line.length).toBeLessThanOrEqual(80);
      }
      expect(help).toContain('--json');
    },
  );

  test('no two commands have the same name', () => {
    const names = program.commands.map((command) => command.name());
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('exit codes', () => {
  test('of errors and verdicts', () => {
    expect(['user', 'environment', 'lab', 'bug'].map((kind) => exitCodeOf(kind as 'user'))).toEqual([
      2, 3, 4, 70,
    ]);
    expect(['pass', 'fail', 'error'].map((verdict) => exitCodeOfVerdict(verdict as 'pass'))).toEqual([
      0, 1, 4,
    ]);
    expect(exitCodes.interrupted).toBe(130);
  });

  test.each([
    [['nonsense']],
    [['grade', '--nonsense']],
    [['show']],
    [['submit']],
    [['grade', 'a', 'b', 'c']],
  ])('%j is wrong use', async (args) => {
    using lab = testLab();
    using _quiet = silence();
    expect((await runWith(lab, args)).code).toBe(2);
  });

  test.each<[string[], string, string]>([
    [['start', '--seed', 'x'], 'seed "x" is not possible', 'from 1 to 999999'],
    [['start', '--seed', ''], 'seed "" is not possible', 'from 1 to 999999'],
    [['start', '--seed', '1e3'], 'seed "1e3" is not possible', 'from 1 to 999999'],
    [['start', '--seed', '1000000'], 'seed "1000000" is not possible', 'from 1 to 999999'],
    // No seeds, no cases, nothing wrong: that would be a proof of nothing.
    [['verify', '--all', '--seeds', '0'], 'seed "0" is not possible', 'from 1 to 999999'],
    [['verify', '--all', '--seeds', 'three'], 'seed "three" is not possible', 'from 1 to 999999'],
    [['verify', '--all', '--seeds', '7,,8'], 'seed "" is not possible', 'from 1 to 999999'],
    [['verify', '--all', '--only', 'hakc'], 'no case has "hakc" in its name', 'without --only'],
    [['verify', '--all', '--only', 'a?', '--only', 'b?'], 'no case has "a?" or "b?" in its name', '--only'],
    [['verify', 'settings', '--all'], '"settings" and "--all" were given', 'leave one of them out'],
    [['stop', 'inc-1', '--all'], '"inc-1" and "--all" were given', 'leave one of them out'],
    [
      ['cluster', 'stop', '--name', 'a', '--all'],
      '"--name a" and "--all" were given',
      'leave one of them out',
    ],
    [['verify', 'settngs'], 'there is no scenario "settngs"', 'the closest is settings'],
    [['start', '--id', 'settngs'], 'there is no scenario "settngs"', 'the closest is settings'],
    [['start', 'settngs'], 'there is no incident "settngs"', 'the closest is INC-9100'],
    [['start', '--area', 'memry'], 'no incident in area "memry"; the areas are memory', '--area memory'],
    [['list', '--area', 'memry'], 'no incident in area "memry"; the areas are memory', '--area memory'],
    [['list', '--difficulty', 'hard'], 'there is no difficulty "hard"', 'beginner, intermediate, advanced'],
  ])('%j says what was given and what is allowed', async (args, given, allowed) => {
    using lab = testLab();
    const { code, notes } = await runWith(lab, args);
    const words = notes.replaceAll('\n', ' ');
    expect(code).toBe(2);
    expect(words).toContain(given);
    expect(words).toContain(allowed);
    expect(Math.max(...notes.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lab.store.list()).toEqual([]);
  });

  test('a proof that ends early still tells what it has proven', async () => {
    using lab = testLab();
    const create = lab.provider.create.bind(lab.provider);
    jest
      .spyOn(lab.provider, 'create')
      .mockImplementationOnce(create)
      .mockRejectedValueOnce(new Error('the engine is gone'));
    const { code, document } = await runWith(lab, ['verify', '--all', '--seeds', '2', '--json']);
    expect(code).toBe(70);
    expect(document).toMatchObject({
      results: expect.arrayContaining([expect.objectContaining({ seed: 1, case: 'no-op', ok: true })]),
      error: { kind: 'bug', message: 'the engine is gone' },
    });
  });

  test('what a cluster was to prove that does not come up, the others prove', async () => {
    using lab = testLab({ fork: false });
    Object.assign(lab.provider, { slow: { nodesThatFit: () => 6 } });
    const create = lab.provider.create.bind(lab.provider);
    const creating = jest.spyOn(lab.provider, 'create').mockRejectedValueOnce(new Error('too little memory'));
    creating.mockImplementation(create);
    const { code, notes } = await runWith(lab, ['verify', '--all']);
    expect(notes).toContain('a cluster did not come up: too little memory');
    expect(notes).toContain('hack recreate');
    expect(code).toBe(0);
    creating.mockRejectedValue(new Error('no memory at all'));
    expect(await runWith(lab, ['verify', '--all'])).toMatchObject({ code: 70 });
  });

  test('a full disk is no bug: what was written, and what to do', async () => {
    using lab = testLab();
    const write = jest.spyOn(LabFolder.prototype, 'writeJson').mockImplementation(full);
    const { code, notes } = await runWith(lab, ['start', 'INC-9100']);
    write.mockRestore();
    expect(code).toBe(3);
    expect(notes).toMatch(/^error .*ENOSPC: no space left on\s*device, write/m);
    expect(notes).toMatch(/^fix: free some space/m);
    expect(lab.store.list()).toEqual([]);
  });

  test('wrong use with --json is a document too', async () => {
    using lab = testLab();
    using _quiet = silence();
    const { code, document } = await runWith(lab, ['grad', '--json']);
    expect(code).toBe(2);
    expect(document).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining('Did you mean grade?') },
    });
  });

  test('--help and --version are no errors', async () => {
    using lab = testLab();
    using _quiet = silence();
    expect((await runWith(lab, ['--help'])).code).toBe(0);
    expect((await runWith(lab, ['--version'])).code).toBe(0);
    expect((await runWith(lab, ['grade', '--help'])).code).toBe(0);
  });
});

describe('without arguments', () => {
  test('help where nobody can be asked', async () => {
    using lab = testLab();
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const { code } = await runWith(lab, []);
    const text = write.mock.calls.map(([part]) => String(part)).join('');
    write.mockRestore();
    expect(code).toBe(0);
    expect(text).toMatch(/^Usage: breakfix/);
  });

  test('a menu on a terminal, which runs what was chosen', async () => {
    using lab = testLab();
    const asked: string[] = [];
    const prompts = answering(asked, ['start', 'INC-9100']);
    const { code, text } = await runWith(lab, [], prompts);
    expect(code).toBe(0);
    expect(asked).toEqual(['What now?', 'Which incident?']);
    expect(text).toContain('INC-9100 · The settings are off');
    const again = answering(asked, ['grade']);
    expect((await runWith(lab, [], again)).code).toBe(1);
  });

  test('leaving the menu is an interruption', async () => {
    using lab = testLab();
    const prompts = answering([], []);
    await expect(
      runIn({ output: { json: false }, prompts, store: lab.store } as never, []),
    ).rejects.toBeInstanceOf(Cancelled);
  });
});

/** Throws what Node does where a file system has no room. */
function full(): never {
  const code = 'ENOSPC';
  throw Object.assign(new Error(`${code}: no space left on device, write`), { code, syscall: 'write' });
}

/** Answers questions in order; then somebody presses Ctrl-C. */
function answering(asked: string[], answers: (string | boolean)[]): Prompts {
  const next = (message: string): Promise<never> => {
    asked.push(message);
    const answer = answers.shift();
    return answer === undefined ? Promise.reject(new Cancelled()) : Promise.resolve(answer as never);
  };
  return { text: next, choose: next, confirm: next };
}

describe('a session', () => {
  test('start, status, hint, diagnose, grade, repair, grade, debrief, report, stop', async () => {
    using lab = testLab();
    const run = (...args: string[]) => runWith(lab, args);
    const started = await run('start', 'INC-9100', '--seed', '7', '--json');
    expect(started).toMatchObject({ code: 0, notes: '', document: { lab: 'inc-9100', seed: 7 } });
    expect((await run('status')).text).toContain('now: 1 of 1 symptoms still show');
    expect((await run('hint')).text).toContain('Hint 1 of 3 (costs 5 points if you pass)');
    expect(await run('diagnose')).toMatchObject({ code: 2, notes: expect.stringContaining('--object:') });
    const diagnosis = await run('diagnose', '--object', 'cm/settings', '--field', 'x', '--evidence', '2');
    expect(diagnosis.text).toMatch(/^Diagnosis {2}20\/30/);
    expect(diagnosis.text).toContain('These points are separate from those of the repair.');
    expect(await run('grade')).toMatchObject({ code: 1, text: expect.stringMatching(/^FAIL {2}0\/100/) });
    expect(await run('debrief')).toMatchObject({ code: 2, notes: expect.stringContaining('is not over') });

    await using open = await lab.provider.open(lab.record().cluster);
    await setValues(open, { mode: 'good', level: '1' });
    expect(await run('grade', '--json')).toMatchObject({
      code: 0,
      document: { verdict: 'pass', points: 95 },
    });
    const told = await run('debrief');
    expect(told.code).toBe(0);
    expect(told.text).toContain('passed, 95 of 100 points, 1 hint\n');
    expect(told.text).toMatch(/shop\/configmap\/settings data\.mode: (bad|worse) → good/);
    expect(told.text).toContain('Somebody edited the map.');

    const reported = await run('report', '--out', join(out, 'reports'));
    expect(reported.text.split('\n')).toHaveLength(6);
    expect(readFileSync(join(out, 'reports/inc-9100/junit.xml'), 'utf8')).toContain('value="passed"');
    expect(await run('stop')).toMatchObject({ code: 0, text: 'stopped inc-9100' });
    expect(lab.provider.states.size).toBe(0);
    expect(existsSync(lab.store.root) ? lab.store.list() : []).toEqual([]);
  });

  test('every line of text fits 80 columns', async () => {
    using lab = testLab();
    for (const args of [['start'], ['status'], ['hint'], ['grade'], ['giveup'], ['debrief']]) {
      const { text, notes } = await runWith(lab, args);
      const long = `${text}\n${notes}`
        .split('\n')
        // Paths and addresses cannot be broken.
        .filter((line) => line.length > 80 && !/\/|https?:/.test(line));
      expect(long).toEqual([]);
    }
  });

  test('giveup shows the steps, repairs, grades, and names what is next; nothing counts', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { code, text, notes } = await runWith(lab, ['giveup']);
    expect(code).toBe(0);
    expect(notes).toContain('1. kubectl -n shop edit configmap settings');
    expect(notes).toContain('2. mode: good, level: 1');
    expect(text).toMatch(/^PASS {2}100\/100/);
    expect(text).toContain('breakfix debrief inc-9100');
    const again = await runWith(lab, ['grade']);
    expect(again.notes).toContain('was given up: what counts is 0 points');
    expect((await runWith(lab, ['status', '--json'])).document).toMatchObject({
      labs: [{ state: 'running' }],
    });
  });

  test('giveup on a terminal asks first and before it touches the cluster', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const types = () =>
      lab.store
        .find(undefined)
        .folder.journal.read()
        .map(({ type }) => type);
    const giveup = (asked: string[], answers: boolean[]) =>
      runWith(lab, ['giveup'], answering(asked, answers)).catch((error: unknown) => error);
    await giveup([], [false]);
    expect(types()).not.toContain('given-up');
    const asked: string[] = [];
    await giveup(asked, [true, true, false]);
    expect(asked).toEqual([
      'Give up INC-9100? It ends with 0 points.',
      'Go on to the next step?',
      'Do that on your cluster now?',
    ]);
    expect(types()).toContain('given-up');
    expect(types()).not.toContain('solved');
    expect(await giveup([], [true, true, true])).toMatchObject({ code: 0 });
    expect(types()).toContain('solved');
  });

  test('diagnose on a terminal asks for what was not given', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const asked: string[] = [];
    const prompts = answering(asked, ['data.mode', 'the mode is wrong']);
    const { text } = await runWith(lab, ['diagnose', '--object', 'configmap/settings'], prompts);
    expect(asked).toEqual([
      'Which field of it is wrong? (path, e.g. spec.template.spec.nodeName)',
      'What proves it?',
    ]);
    expect(text).toMatch(/^Diagnosis {2}30\/30/);
  });

  test('solve takes a fix by name', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    expect(await runWith(lab, ['solve', '--fix', 'two-steps'])).toMatchObject({
      code: 0,
      text: expect.stringContaining('applied two-steps:'),
    });
    expect(await runWith(lab, ['solve', '--fix', 'nope'])).toMatchObject({ code: 2 });
    expect(await runWith(lab, ['grade'])).toMatchObject({
      code: 0,
      notes: expect.stringContaining('was solved for you'),
    });
  });

  test('watch ends when it would pass', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    await using cluster = await lab.provider.open(lab.record().cluster);
    lab.provider.clock.after(120_000, () => void setValues(cluster, { mode: 'good', level: '1' }));
    const { code, text, notes } = await runWith(lab, ['watch']);
    expect(code).toBe(0);
    expect(notes).toMatch(/2 of 4 hold\n {2}✗ The mode is right: mode is/);
    expect(text).toContain('breakfix grade inc-9100');
  });

  test('reset hands over again', async () => {
    using lab = testLab();
    await runWith(lab, ['start', '--seed', '7']);
    expect(await runWith(lab, ['reset', '--json'])).toMatchObject({
      code: 0,
      document: { lab: 'inc-9100', seed: 7 },
    });
  });

  test('submit and grade --replay', async () => {
    using lab = testLab({ logs: true });
    await runWith(lab, ['start', '--seed', '7']);
    const bad = join(out, 'bad.json');
    const good = join(out, 'good.json');
    expect(await runWith(lab, ['submit', bad])).toMatchObject({ code: 0 });
    await using cluster = await lab.provider.open(lab.record().cluster);
    await setValues(cluster, { mode: 'good', level: '1' });
    expect((await runWith(lab, ['submit', good, '--json'])).document).toMatchObject({ seed: 7, file: good });
    expect(await runWith(lab, ['grade', '--replay', good])).toMatchObject({ code: 0 });
    const both = await runWith(lab, ['grade', '--replay', good, bad]);
    expect(both.code).toBe(1);
    expect(both.document).toMatchObject([
      { file: good, verdict: 'pass', points: 100 },
      { file: bad, verdict: 'fail', points: 0 },
    ]);
    writeFileSync(bad, '{}');
    const marked = join(out, 'marked');
    await runWith(lab, ['grade', '--replay', good, bad, '--out', marked]);
    const summed = await runWith(lab, ['report', marked, '--out', marked, '--json']);
    expect(summed.document).toMatchObject({
      class: { labs: [{ who: 'good', outcome: 'passed', points: 100 }], refused: [{ who: 'bad' }] },
    });
    expect(existsSync(join(marked, 'good', 'report.html'))).toBe(true);
    expect(await runWith(lab, ['grade', '--replay', good, good, '--out', marked])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('would go into the same folder'),
    });
    const refused = await runWith(lab, ['grade', '--replay', bad, good, '--json']);
    expect(refused.code).toBe(2);
    expect(refused.document).toMatchObject([
      { error: { code: 'SUBMISSION_MALFORMED' } },
      { verdict: 'pass' },
    ]);
    expect(await runWith(lab, ['grade', '--replay', join(out, 'none.json')])).toMatchObject({ code: 2 });
    expect(await runWith(lab, ['submit', join(out, 'no/folder/x.json')])).toMatchObject({ code: 3 });
  });

  test('what was handed in after giving up earns nothing', async () => {
    using lab = testLab({ logs: true });
    await runWith(lab, ['start', '--seed', '7']);
    await runWith(lab, ['giveup']);
    const file = join(out, 'given-up.json');
    await runWith(lab, ['submit', file]);
    expect(await runWith(lab, ['grade', '--replay', file])).toMatchObject({
      code: 1,
      document: [{ verdict: 'fail', points: 0 }],
    });
  });
});

describe('what goes wrong', () => {
  test.each([
    'grade',
    'hint',
    'diagnose',
    'watch',
    'reset',
    'giveup',
    'solve',
    'debrief',
    'report',
    'stop',
    'shell',
  ])('%s without a lab says how to begin', async (command) => {
    using lab = testLab();
    const { code, notes } = await runWith(lab, [command]);
    expect(code).toBe(2);
    expect(notes).toBe('error no lab is running\nfix: start one: breakfix start');
  });

  test.each([
    'grade',
    'hint',
    'diagnose',
    'watch',
    'reset',
    'giveup',
    'solve',
    'debrief',
    'report',
    'stop',
    'shell',
  ])('%s of an unknown lab suggests the closest', async (command) => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { code, notes } = await runWith(lab, [command, 'inc-9101']);
    expect(code).toBe(2);
    expect(notes).toContain('did you mean inc-9100?');
  });

  test('a lab whose start was killed is shown, cannot be graded, and can be stopped', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { folder, record } = lab.store.find(undefined);
    folder.save({ ...record, state: 'starting' });
    const { text, document } = await runWith(lab, ['status']);
    expect(text).toContain('starting (cluster running) on embedded');
    expect(text).toContain('breakfix stop inc-9100 removes what is left');
    expect(document).toMatchObject({ labs: [{ lab: 'inc-9100', state: 'starting (cluster running)' }] });
    expect(await runWith(lab, ['grade'])).toMatchObject({ code: 4 });
    expect(await runWith(lab, ['stop'])).toMatchObject({ code: 0, text: 'stopped inc-9100' });
    expect(lab.provider.states.size).toBe(0);
    expect((await runWith(lab, ['status'])).text).toBe('no lab is running; breakfix start begins one');
  });

  test('a lab killed before its cluster was made can be stopped too', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { folder, record } = lab.store.find(undefined);
    folder.save({ ...record, state: 'starting' });
    lab.provider.states.clear();
    expect((await runWith(lab, ['status'])).text).toContain('starting (cluster gone)');
    expect(await runWith(lab, ['stop', '--all'])).toMatchObject({ code: 0 });
    expect(lab.store.list()).toEqual([]);
  });

  test('a cluster that is gone is the lab’s error, with a way on', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    lab.provider.states.clear();
    expect(await runWith(lab, ['grade', '--json'])).toMatchObject({
      code: 4,
      document: {
        error: { code: 'LAB_UNREACHABLE', kind: 'lab', fix: expect.stringContaining('breakfix reset') },
      },
    });
  });

  test('an API that does not answer is the lab’s error', async () => {
    using lab = testLab({ fork: false });
    await runWith(lab, ['start']);
    lab.cluster().unreachable = true;
    expect(await runWith(lab, ['grade'])).toMatchObject({ code: 4, text: expect.stringMatching(/^ERROR/) });
    expect(await runWith(lab, ['solve'])).toMatchObject({ code: 4 });
  });

  test('a report that cannot be written changes no verdict', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    await runWith(lab, ['grade']);
    const journal = lab.store.find(undefined).folder.journal.read();
    writeFileSync(join(out, 'file'), '');
    expect(await runWith(lab, ['report', '--out', join(out, 'file')])).toMatchObject({
      code: 3,
      notes: expect.stringContaining('no verdict has changed'),
    });
    expect(lab.store.find(undefined).folder.journal.read()).toEqual(journal);
  });

  test('the class summary of folders; a lab and a folder do not go together', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    await runWith(lab, ['grade']);
    const labs = join(out, 'class');
    expect(await runWith(lab, ['report', '--out', join(labs, 'ada')])).toMatchObject({ code: 0 });
    const summed = await runWith(lab, ['report', labs, '--out', labs, '--format', 'json,md', '--json']);
    expect(summed).toMatchObject({
      code: 0,
      document: {
        written: [join(labs, 'class.json'), join(labs, 'class.md')],
        class: { labs: [{ who: 'ada', lab: 'inc-9100', outcome: 'failed' }], refused: [] },
      },
    });
    expect(await runWith(lab, ['report', labs, '--format', 'junit'])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('there are json, md, html'),
    });
    expect(await runWith(lab, ['report', labs, 'inc-9100'])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('report is of one or the other'),
    });
  });

  test('an unknown format suggests the closest', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { code, notes } = await runWith(lab, ['report', '--format', 'jnuit']);
    expect(code).toBe(2);
    expect(notes).toContain('fix: --format junit');
  });

  test('a corrupt journal names the line', async () => {
    using lab = testLab();
    await runWith(lab, ['start']);
    const { folder } = lab.store.find(undefined);
    const path = folder.file('journal.jsonl');
    writeFileSync(path, `{oops\n${readFileSync(path, 'utf8')}`);
    expect(await runWith(lab, ['hint'])).toMatchObject({
      code: 4,
      notes: expect.stringContaining('journal.jsonl:1'),
    });
  });

  test('a bug is called one', async () => {
    using lab = testLab();
    lab.provider.availability = () => Promise.reject(new TypeError('x is not a function'));
    expect(await runWith(lab, ['start'])).toMatchObject({
      code: 70,
      notes: expect.stringContaining('this is a bug'),
    });
  });
});

describe('new scenario', () => {
  test('writes one and its test, never over another', async () => {
    using lab = testLab();
    const dir = join(out, 'scenarios');
    const made = await runWith(lab, ['new', 'scenario', 'my-failure', '--dir', dir]);
    const [file, own] = ['scenario.ts', 'scenario.test.ts'].map((name) => join(dir, 'my-failure', name));
    expect(made).toMatchObject({ code: 0, document: { file, test: own } });
    expect([file, own].map((path) => existsSync(path ?? ''))).toEqual([true, true]);
    expect(await runWith(lab, ['new', 'scenario', 'my-failure', '--dir', dir])).toMatchObject({ code: 2 });
    expect(await runWith(lab, ['new', 'scenario', 'My Failure!', '--dir', dir])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('breakfix new scenario my-failure'),
    });
  });
});
