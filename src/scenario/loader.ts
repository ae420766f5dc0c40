import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BreakfixError, messageOf } from '../core/errors.ts';
import { isObject } from '../core/json.ts';
import { problemsOf, ScenarioMalformed } from './define.ts';
import type { Scenario } from './types.ts';

/**
 * Loads a scenario of somebody else from its module, in TypeScript or JavaScript. The module runs with the rights
 * of whoever starts it.
 * @param path of the file, relative to the working directory
 * @param api the running instance of this package: what `import … from 'breakfix'` gives the module
 * @throws BreakfixError where there is no such module, or with every problem at once, each with `file:line`
 */
export async function loadScenarioFile(path: string, api: object): Promise<Scenario> {
  const file = resolve(path);
  const source = sourceOf(file);
  let loaded: unknown;
  try {
    loaded = await importModule(file, api);
  } catch (error) {
    if (error instanceof ScenarioMalformed) throw malformed(error.problems, file, source);
    throw notLoaded(file, error);
  }
  if (!isObject(loaded))
    throw malformed(['default: the module must export what defineScenario gives'], file, source);
  const problems = problemsOf(loaded);
  if (problems.length > 0) throw malformed(problems, file, source);
  return loaded as unknown as Scenario;
}

async function importModule(file: string, api: object): Promise<unknown> {
  const { createJiti } = await import('jiti');
  // A second copy of the package would have classes of its own: instanceof and identity would not hold.
  const jiti = createJiti(pathToFileURL(file).href, {
    virtualModules: { breakfix: api },
    interopDefault: false,
    fsCache: false,
    moduleCache: false,
  });
  const { default: scenario } = await jiti.import<{ default?: unknown }>(file);
  return scenario;
}

function sourceOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BreakfixError({
      code: 'SCENARIO_FILE_UNREADABLE',
      kind: 'user',
      message: `the scenario ${file} cannot be read: ${messageOf(cause)}`,
      fix: 'give the path of a scenario module; breakfix new scenario ID makes one',
      cause,
    });
  }
}

function notLoaded(file: string, cause: unknown): BreakfixError {
  return new BreakfixError({
    code: 'SCENARIO_NOT_LOADED',
    kind: 'user',
    message: `the scenario ${file} cannot be loaded: ${messageOf(cause)}`,
    fix: 'mend the module; what it may import from breakfix is in docs/authoring.md',
    cause,
  });
}

function malformed(problems: readonly string[], file: string, source: string): ScenarioMalformed {
  const placed = problems.map((problem) => `${file}:${lineOf(problem, source)} ${problem}`);
  return new ScenarioMalformed(file, placed, file);
}

/** The line that a problem is about, from 1: that of its property, or of the call of defineScenario. */
export function lineOf(problem: string, source: string): number {
  const [, property = '', id] = /^(\w+)[^:]*?(?:\(([\w-]+)\))?:/.exec(problem) ?? [];
  const lines = source.split('\n');
  const call = Math.max(
    0,
    lines.findIndex((line) => line.includes('defineScenario(')),
  );
  const from = (matches: (line: string) => boolean): number =>
    lines.findIndex((line, index) => index >= call && matches(line));
  const declares = new RegExp(`^\\s*${property}\\s*[:,(]`);
  const found = [
    ...(id === undefined ? [] : [from((line) => line.includes(`'${id}'`) || line.includes(`"${id}"`))]),
    from((line) => declares.test(line)),
  ].find((index) => index !== -1);
  return (found ?? call) + 1;
}
