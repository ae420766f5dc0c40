import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BreakfixError, messageOf } from '../../core/errors.ts';
import { findScenario, incidentOf } from '../../engine/incident.ts';
import { gradeSubmission, type MarkedSubmission } from '../../engine/replay.ts';
import { readSubmission } from '../../engine/submission.ts';
import type { GradeEntry } from '../../report/journal.ts';
import { reporters } from '../../report/reporters.ts';
import { reportOf } from '../../report/summary.ts';
import { writeReports } from '../../report/write.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOf, exitCodeOfVerdict } from '../exit-codes.ts';
import { wrapLines } from '../output.ts';
import { gradeText } from '../texts/grade-table.ts';
import { reportIncomplete } from './report.ts';

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

export interface ReplayFlags {
  /** The scenario's module. */
  readonly file?: string;
  /** Where reports are written, in a folder for each file. */
  readonly out?: string;
}

/**
 * `breakfix grade --replay FILE…`: marks what was handed in. @returns the exit code of the worst
 * @param lab that was named as well
 */
export async function gradeReplays(
  context: CommandContext,
  lab: string | undefined,
  files: readonly string[],
  flags: ReplayFlags,
): Promise<number> {
  const { output } = context;
  if (lab !== undefined) throw twoThings(lab, files);
  if (flags.out !== undefined) mustBeDistinct(files);
  const results: (Marked | Unmarked)[] = [];
  const texts: string[] = [];
  const codes: number[] = [];
  for (const file of files) {
    output.passing(`  replaying ${file} …`);
    try {
      const marked = await gradeOne(context, file, flags);
      results.push(marked);
      texts.push(`${file}: ${marked.incident}, seed ${marked.seed}\n${gradeText(marked, output)}`);
      codes.push(exitCodeOfVerdict(marked.verdict));
    } catch (error) {
      if (!(error instanceof BreakfixError)) throw error;
      const { code, kind, message, fix } = error;
      results.push({ file, error: { code, kind, message, fix } });
      if (flags.out !== undefined) writeRefusal(join(flags.out, nameOf(file)), { code, message });
      const text = wrapLines(`ERROR  ${message}\nfix: ${fix}\n`, output.width);
      texts.push(`${file}\n${text.replace('ERROR', output.colors.yellow('ERROR'))}`);
      codes.push(exitCodeOf(kind));
    }
  }
  output.result(results, texts.join('\n'));
  return Math.max(...codes);
}

async function gradeOne(context: CommandContext, file: string, flags: ReplayFlags): Promise<Marked> {
  const submission = readSubmission(textOf(file), file, context.version);
  const catalogue =
    flags.file === undefined ? await context.catalogue() : [await context.scenarioFile(flags.file)];
  const scenario = findScenario(catalogue, submission.incident);
  const incident = incidentOf(scenario, submission.seed);
  const folder = mkdtempSync(join(tmpdir(), 'breakfix-replay-'));
  try {
    const provider = await context.provider('embedded', { local: true });
    const { signal } = context;
    const marked = await gradeSubmission(submission, { provider, incident, name: file, folder, signal });
    if (flags.out !== undefined) writeMarked(join(flags.out, nameOf(file)), marked);
    return { file, incident: scenario.incident, seed: submission.seed, ...marked.grade };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `ada` of `handed-in/ada.json`. */
const nameOf = (file: string): string => basename(file, '.json');

function twoThings(lab: string, files: readonly string[]): BreakfixError {
  return new BreakfixError({
    code: 'GRADE_AMBIGUOUS',
    kind: 'user',
    message: `a grade is of a lab or of what was handed in; ${lab} and --replay ${files.join(' ')} were given`,
    fix: `breakfix grade ${lab}, or breakfix grade --replay with all the files behind it`,
  });
}

/** Files of one name would share a folder. */
function mustBeDistinct(files: readonly string[]): void {
  const names = files.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new BreakfixError({
    code: 'SUBMISSIONS_SAME_NAME',
    kind: 'user',
    message: `two files are named ${twice}: their reports would go into the same folder`,
    fix: 'rename one of them, or leave --out out',
  });
}

/** The reports of what was marked, and its journal. */
function writeMarked(folder: string, { journal }: MarkedSubmission): void {
  const { written, failed } = writeReports(reportOf(basename(folder), journal), reporters, { folder });
  if (failed.length > 0) throw reportIncomplete(failed, written);
  const lines = journal.map((entry) => `${JSON.stringify(entry)}\n`);
  writeFileSync(join(folder, 'journal.jsonl'), lines.join(''));
  rmSync(join(folder, 'refused.json'), { force: true });
}

/** Who handed it in is to be in the class summary as well; what is there from an earlier marking goes. */
function writeRefusal(folder: string, refusal: { code: string; message: string }): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'refused.json'), `${JSON.stringify(refusal)}\n`);
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
