import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BreakfixError, messageOf } from '../../core/errors.ts';
import { findScenario, incidentOf } from '../../engine/incident.ts';
import { gradeSubmission } from '../../engine/replay.ts';
import { readSubmission } from '../../engine/submission.ts';
import type { GradeEntry } from '../../report/journal.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOf, exitCodeOfVerdict } from '../exit-codes.ts';
import { wrapLines } from '../output.ts';
import { gradeText } from '../texts/grade-table.ts';

/** One file and how it was graded, or why it could not be. */
type Marked = { readonly file: string; readonly incident: string; readonly seed: number } & GradeEntry;
interface Unmarked {
  readonly file: string;
  readonly error: {
    readonly code: string;
    readonly kind: string;
    readonly message: string;
    readonly fix: string;
  };
}

/** `breakfix grade --replay FILE…`: marks what was handed in. @returns the exit code of the worst */
export async function gradeReplays(
  context: CommandContext,
  files: readonly string[],
  flags: { file?: string },
): Promise<number> {
  const { output } = context;
  const results: (Marked | Unmarked)[] = [];
  const texts: string[] = [];
  const codes: number[] = [];
  for (const file of files) {
    output.passing(`  replaying ${file} …`);
    try {
      const marked = await gradeOne(context, file, flags.file);
      results.push(marked);
      texts.push(`${file}: ${marked.incident}, seed ${marked.seed}\n${gradeText(marked, output)}`);
      codes.push(exitCodeOfVerdict(marked.verdict));
    } catch (error) {
      if (!(error instanceof BreakfixError)) throw error;
      const { code, kind, message, fix } = error;
      results.push({ file, error: { code, kind, message, fix } });
      const text = wrapLines(`ERROR  ${message}\nfix: ${fix}\n`, output.width);
      texts.push(`${file}\n${text.replace('ERROR', output.colors.yellow('ERROR'))}`);
      codes.push(exitCodeOf(kind));
    }
  }
  output.result(results, texts.join('\n'));
  return Math.max(...codes);
}

async function gradeOne(context: CommandContext, file: string, scenarioFile?: string): Promise<Marked> {
  const submission = readSubmission(textOf(file), file, context.version);
  const catalogue =
    scenarioFile === undefined ? await context.catalogue() : [await context.scenarioFile(scenarioFile)];
  const scenario = findScenario(catalogue, submission.incident);
  const incident = incidentOf(scenario, submission.seed);
  const folder = mkdtempSync(join(tmpdir(), 'breakfix-replay-'));
  try {
    const provider = await context.provider('embedded', { local: true });
    const { signal } = context;
    const result = await gradeSubmission(submission, { provider, incident, name: file, folder, signal });
    return { file, incident: scenario.incident, seed: submission.seed, ...ownWork(result, submission.ended) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** After `giveup` or `solve` the state is not the learner's: it earns nothing. */
function ownWork(result: GradeEntry, ended: boolean): GradeEntry {
  return ended && result.verdict === 'pass' ? { ...result, verdict: 'fail', points: 0 } : result;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BreakfixError({
      code: 'SUBMISSION_UNREADABLE',
      kind: 'user',
      message: `${file} cannot be read: ${messageOf(cause)}`,
      fix: 'give the path of a file that breakfix submit wrote',
      cause,
    });
  }
}
