import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { type Clock, wallClock } from '../core/clock.ts';
import { BreakfixError } from '../core/errors.ts';
import { packageRoot } from '../core/package-root.ts';
import { type LabRecord, LabStore } from '../engine/lab-store.ts';
import { openLab, type OpenLab } from '../engine/open-lab.ts';
import type { ProcessOptions } from '../providers/embedded/process.ts';
import type { ClusterProvider } from '../providers/provider.ts';
import type { Scenario } from '../scenario/types.ts';
import { loadCatalogue } from './catalogue.ts';
import { hiddenCommands } from './hidden-commands.ts';
import type { Output } from './output.ts';
import { type Prompts, terminalPrompts } from './prompts.ts';

/** What every command works with: the composition root knows the concrete providers, nothing below does. */
export interface CommandContext {
  readonly output: Output;
  readonly store: LabStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly version: string;
  /** Absent where nobody can be asked: no terminal, or `--json`. */
  readonly prompts: Prompts | undefined;
  /** The module that a further process of this program starts with; absent where this process is another program. */
  readonly entry?: string;
  catalogue(): Promise<readonly Scenario[]>;
  provider(name: string, options?: { local?: boolean }): Promise<ClusterProvider>;
  /** A scenario from a module that is not in the catalogue. */
  scenarioFile(path: string): Promise<Scenario>;
  /** What a lab's incident is to be looked up in. */
  catalogueOf(record: LabRecord): Promise<readonly Scenario[]>;
  /** Connects to a lab by name or incident, or to the only one. */
  open(name: string | undefined): Promise<OpenLab>;
}

export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

export function createContext(output: Output, signal: AbortSignal): CommandContext {
  const store = new LabStore();
  const version = packageVersion();
  let scenarios: Promise<readonly Scenario[]> | undefined;
  const catalogue = (): Promise<readonly Scenario[]> => (scenarios ??= loadCatalogue());
  const scenarioFile: CommandContext['scenarioFile'] = async (path) => {
    const { loadScenarioFile } = await import('../scenario/loader.ts');
    return loadScenarioFile(path, await import('../index.ts'));
  };
  const catalogueOf: CommandContext['catalogueOf'] = async (record) =>
    record.scenarioFile === undefined ? catalogue() : [await scenarioFile(record.scenarioFile)];
  const provider: CommandContext['provider'] = async (name, { local = false } = {}) => {
    const factory = providers[name as keyof typeof providers] as (typeof providers)['embedded'] | undefined;
    if (factory === undefined) throw unknownProvider(name);
    return factory(version, local);
  };
  return {
    output,
    store,
    clock: wallClock,
    signal,
    version,
    ...(process.argv[1] === undefined ? {} : { entry: process.argv[1] }),
    prompts: terminalPrompts({ json: output.json, signal }),
    catalogue,
    scenarioFile,
    catalogueOf,
    provider,
    open: async (name) => {
      const found = store.find(name);
      return openLab(found, await provider(found.record.provider), await catalogueOf(found.record), signal);
    },
  };
}

/**
 * Of a lab's process. It makes much that lives for a moment only: with Node's own size it grew by half when it was graded, and
 * V8 took to making it where only what lives long should be, so that a day took half as long again.
 */
export const YOUNG_GENERATION = '--max-semi-space-size=8';

/** How processes of this program are started that labs and clusters live in. */
export function processOptions(version: string): ProcessOptions {
  const node = [process.execPath, YOUNG_GENERATION, ...process.execArgv];
  return { version, labCommand: [...node, process.argv[1] ?? '', hiddenCommands.labProcess] };
}

/** Every provider by its name; each is imported when it is asked for. */
const providers = {
  embedded: async (version: string, local: boolean): Promise<ClusterProvider> => {
    const { embeddedProvider } = await import('../providers/embedded/provider.ts');
    return embeddedProvider({ ...processOptions(version), mode: local ? 'local' : 'process' });
  },
  kind: async (): Promise<ClusterProvider> => {
    const { kindProvider } = await import('../providers/kind/provider.ts');
    return kindProvider();
  },
} as const;

export const providerNames: readonly string[] = Object.keys(providers);

function unknownProvider(name: string): BreakfixError {
  return new BreakfixError({
    code: 'PROVIDER_UNKNOWN',
    kind: 'user',
    message: `there is no provider "${name}"; there are ${providerNames.join(' and ')}`,
    fix: `--provider ${closest(name, [...providerNames])}`,
  });
}
