import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { scenarioTemplate } from '../../../src/cli/texts/scenario-template.ts';
import * as api from '../../../src/index.ts';
import { ScenarioMalformed } from '../../../src/scenario/define.ts';
import { lineOf, loadScenarioFile } from '../../../src/scenario/loader.ts';

const root = mkdtempSync(join(tmpdir(), 'breakfix-loader-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function module(source: string, name = 'scenario.ts'): string {
  const folder = join(root, String(++count));
  mkdirSync(folder);
  writeFileSync(join(folder, name), source);
  return join(folder, name);
}

describe('the template of breakfix new', () => {
  test('is a sound scenario', async () => {
    const scenario = await loadScenarioFile(module(scenarioTemplate('my-failure')), api);
    expect(scenario).toMatchObject({ id: 'my-failure', incident: 'INC-9001', area: 'probes' });
  });
});

describe('loading a scenario', () => {
  test('gives the module the running instance, not a second copy', async () => {
    const source = scenarioTemplate('my-failure')
      .replace('  hack,\n', '  hack,\n  KubeError,\n')
      .replace("await probe(service, '/readyz').inject(lab);", "throw new KubeError(404, 'gone');");
    const scenario = await loadScenarioFile(module(source), api);
    const [fix] = scenario.fixes({ service: 'checkout', path: '/x' });
    await expect(fix?.apply({} as api.LabView)).rejects.toBeInstanceOf(api.KubeError);
  });

  test('in JavaScript too, and what it imports beside it', async () => {
    const path = module(
      scenarioTemplate('in-js')
        .replaceAll(/: (string|Fault)\b/g, '')
        .replace('  type Fault,\n', '')
        .replace("'INC-9001'", 'incident')
        .replace('import {', "import { incident } from './number.mjs';\nimport {"),
      'scenario.mjs',
    );
    writeFileSync(join(path, '..', 'number.mjs'), "export const incident = 'INC-9002';");
    expect((await loadScenarioFile(path, api)).incident).toBe('INC-9002');
  });

  test('tells every problem at once, each with its line', async () => {
    const source = scenarioTemplate('my-failure')
      .replace("'INC-9001'", "'INC-1'")
      .replace("area: 'probes'", "area: 'nowhere'")
      .replace('  minutes: 10,\n', '');
    const path = module(source);
    const lineAt = (text: string): number => source.split('\n').findIndex((line) => line.includes(text)) + 1;
    const error = await loadScenarioFile(path, api).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ScenarioMalformed);
    expect((error as ScenarioMalformed).problems).toEqual([
      `${path}:${lineAt("'INC-1'")} incident: must be INC- and four digits`,
      `${path}:${lineAt("'nowhere'")} area: must be probes, dns, images, memory`,
      `${path}:${lineAt('defineScenario(')} minutes: must be a number above 0`,
    ]);
  });

  test('points at the hack that nothing catches', async () => {
    const source = scenarioTemplate('my-failure').replace("'rollout', async", "'nobody', async");
    const error = await loadScenarioFile(module(source), api).catch((thrown: unknown) => thrown);
    const line = source.split('\n').findIndex((text) => text.includes("hack('publish-not-ready'")) + 1;
    expect((error as ScenarioMalformed).problems[0]).toContain(`scenario.ts:${line} hacks[0]`);
  });

  test.each<[string, string, string]>([
    ['that does not parse', 'export default {', 'SCENARIO_NOT_LOADED'],
    ['that imports what is not there', "import 'nowhere-to-be-found';", 'SCENARIO_NOT_LOADED'],
    ['without a default export', 'export const x = 1;', 'SCENARIO_MALFORMED'],
    ['that exports something else', 'export default { id: 5 };', 'SCENARIO_MALFORMED'],
  ])('a module %s', async (_name, source, code) => {
    await expect(loadScenarioFile(module(source), api)).rejects.toMatchObject({ code, kind: 'user' });
  });

  test('a file that is not there', async () => {
    const loading = loadScenarioFile(join(root, 'none.ts'), api);
    await expect(loading).rejects.toMatchObject({ code: 'SCENARIO_FILE_UNREADABLE', kind: 'user' });
  });
});

describe('the line of a problem', () => {
  const source = "import x from 'y';\nexport default defineScenario({\n  id: 'a',\n  hints() {},\n});\n";

  test.each([
    ['id: must be x', 3],
    ['hints: their prices must rise', 4],
    ['minutes: must be x', 2],
    ['objectives, safeguards: "x" is there twice', 2],
  ])('%s', (problem, line) => expect(lineOf(problem, source)).toBe(line));

  test('is the first where nothing is found', () => expect(lineOf('id: x', '')).toBe(1));
});
