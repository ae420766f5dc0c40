/**
 * Writes docs/soundness.md from what was run:
 *
 *   npm run soundness -- [--run] [--seeds N] [--embedded FILE]… [--kind FILE]…
 *
 * `--run` runs `verify --all` on the embedded cluster first. Files are what `breakfix verify --json` printed; several, as
 * of one scenario each, are put together. The numbers of the attack are those of the last runs (reports/attack/). What
 * is not given stays as it is, scenario by scenario, and case by case where a run was of some cases only.
 */
import '../breakfix-sources.ts';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/core/package-root.ts';
import { between, part } from '../markers.ts';
import { type AttackNumbers, attackTable, verifyTables, type VerifyRun } from './tables.ts';

// Not before: scenarios import `breakfix`.
const { casesOfNow } = await import('./cases.ts');

const DOCUMENT = join(packageRoot, 'docs/soundness.md');
const ATTACKS = join(packageRoot, 'reports/attack');

const { values: flags } = parseArgs({
  options: {
    run: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '3' },
    embedded: { type: 'string', multiple: true, default: [] },
    kind: { type: 'string', multiple: true, default: [] },
  },
});

const parsed = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** Files of one provider as one run; undefined where there is none. */
function together(files: readonly string[]): VerifyRun | undefined {
  if (files.length === 0) return undefined;
  return { results: files.flatMap((file) => (parsed(file) as VerifyRun).results) };
}

function verified(): VerifyRun | undefined {
  if (!flags.run) return together(flags.embedded);
  const command = [
    join(packageRoot, 'dist/breakfix.js'),
    'verify',
    '--all',
    '--seeds',
    flags.seeds,
    '--whole',
    '--json',
  ];
  try {
    return JSON.parse(
      execFileSync(process.execPath, command, { encoding: 'utf8', maxBuffer: 1e9 }),
    ) as VerifyRun;
  } catch (error) {
    // A case that is not as expected ends the command with 1: the table is to show it.
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined || stdout === '') throw error;
    return JSON.parse(stdout) as VerifyRun;
  }
}

function attacks(): AttackNumbers[] {
  if (!existsSync(ATTACKS)) return [];
  return readdirSync(ATTACKS)
    .filter((name) => name.endsWith('.json'))
    .map((name) => parsed(join(ATTACKS, name)) as AttackNumbers);
}

const isCase = await casesOfNow();
let text = readFileSync(DOCUMENT, 'utf8');
for (const [marker, run] of [
  ['soundness:embedded', verified()],
  ['soundness:kind', together(flags.kind)],
] as const) {
  if (run !== undefined) text = between(text, marker, verifyTables(run, part(text, marker), isCase));
}
const reports = attacks();
const ATTACK = 'soundness:attack';
if (reports.length > 0) text = between(text, ATTACK, attackTable(reports, part(text, ATTACK)));
writeFileSync(DOCUMENT, text);
