import pc from 'picocolors';
import type { CommandContext } from '../../../src/cli/context.ts';
import type { Output } from '../../../src/cli/output.ts';
import type { Prompts } from '../../../src/cli/prompts.ts';
import { failed, runIn } from '../../../src/cli/program.ts';
import { openLab } from '../../../src/engine/open-lab.ts';
import { loadScenarioFile } from '../../../src/scenario/loader.ts';
import * as api from '../../../src/index.ts';
import type { TestLab } from './lab.ts';

export interface Ran {
  readonly code: number;
  /** Standard output: text, or the JSON document as it was given. */
  readonly text: string;
  readonly document: unknown;
  /** Standard error. */
  readonly notes: string;
}

/** A command's context, and what it has printed so far. */
export function contextFor(
  lab: TestLab,
  args: readonly string[],
  prompts?: Prompts,
): { context: CommandContext; ran: () => Omit<Ran, 'code'> } {
  const notes: string[] = [];
  let text = '';
  let document: unknown;
  let kept: object = {};
  const json = args.includes('--json');
  const output: Output = {
    json,
    result: (given, words) => {
      document = given;
      text = words;
    },
    partial: (given) => {
      kept = given;
    },
    failure: (error) => {
      if (json) document = { ...kept, error };
    },
    note: (line) => {
      if (!json) notes.push(line);
    },
    passing: () => {},
    colors: pc.createColors(false),
    width: 80,
  };
  const { store, provider, scenario, signal } = lab;
  const context: CommandContext = {
    output,
    store,
    clock: provider.clock,
    signal,
    version: '0.1.0',
    prompts,
    catalogue: () => Promise.resolve([scenario]),
    scenarioFile: (path) => loadScenarioFile(path, api),
    catalogueOf: () => Promise.resolve([scenario]),
    provider: () => Promise.resolve(provider),
    open: (name) => openLab(store.find(name), provider, [scenario], signal),
  };
  return { context, ran: () => ({ text, document, notes: notes.join('\n') }) };
}

/** Runs a command line with a fake provider; never on a terminal unless `prompts` are given. */
export async function runWith(lab: TestLab, args: readonly string[], prompts?: Prompts): Promise<Ran> {
  const { context, ran } = contextFor(lab, args, prompts);
  try {
    return { code: await runIn(context, args), ...ran() };
  } catch (error) {
    return { code: failed(error, context.output), ...ran() };
  }
}
