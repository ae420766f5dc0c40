import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakfixError, messageOf } from '../../core/errors.ts';
import type { CommandContext } from '../context.ts';
import { scenarioTemplate, scenarioTestTemplate } from '../texts/scenario-template.ts';

/** `breakfix new scenario ID`: a scenario to change, sound as it is, and the test that says so. */
export function newScenario(context: CommandContext, id: string, flags: { dir: string }): void {
  if (!/^[a-z][a-z0-9-]+$/.test(id)) {
    throw new BreakfixError({
      code: 'SCENARIO_ID',
      kind: 'user',
      message: `"${id}" cannot be the id of a scenario; it is lower-case words with hyphens`,
      fix: `breakfix new scenario ${
        id
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, '-')
          .replaceAll(/^[^a-z]+|-$/g, '') || 'my-failure'
      }`,
    });
  }
  const folder = join(flags.dir, id);
  const file = join(folder, 'scenario.ts');
  const test = join(folder, 'scenario.test.ts');
  const there = [file, test].find((path) => existsSync(path));
  if (there !== undefined) {
    throw new BreakfixError({
      code: 'SCENARIO_EXISTS',
      kind: 'user',
      message: `${there} is there already`,
      fix: 'take another id, or another folder with --dir',
    });
  }
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, scenarioTemplate(id), { flag: 'wx' });
    writeFileSync(test, scenarioTestTemplate(id), { flag: 'wx' });
  } catch (cause) {
    throw new BreakfixError({
      code: 'SCENARIO_UNWRITABLE',
      kind: 'environment',
      message: `${folder} cannot be written to: ${messageOf(cause)}`,
      fix: 'give a folder that you may write to: --dir',
      cause,
    });
  }
  const text = `wrote ${file} and ${test}\nbreakfix verify ${file} proves it; breakfix start --file ${file} runs it`;
  context.output.result({ id, file, test }, text);
}
