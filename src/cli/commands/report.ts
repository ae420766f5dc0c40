import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import { type Reporter, reporters } from '../../report/reporters.ts';
import { reportOf } from '../../report/summary.ts';
import { writeReports } from '../../report/write.ts';
import type { CommandContext } from '../context.ts';

export interface ReportFlags {
  readonly format?: string;
  readonly out: string;
}

/** `breakfix report`: files made from the journals, in a folder per lab. */
export function report(context: CommandContext, names: readonly string[], flags: ReportFlags): void {
  const { store, output } = context;
  const chosen = reportersFor(flags.format);
  const labs = names.length > 0 ? names.map((name) => store.find(name)) : store.list();
  if (labs.length === 0) store.find(undefined);
  const written: string[] = [];
  const failed: string[] = [];
  for (const { name, folder } of labs) {
    const summary = reportOf(name, folder.journal.read());
    const files = writeReports(summary, chosen, {
      folder: join(flags.out, name),
      journal: folder.file('journal.jsonl'),
    });
    written.push(...files.written);
    failed.push(...files.failed.map((what) => `${name}: ${what}`));
  }
  if (failed.length > 0) {
    throw new BreakfixError({
      code: 'REPORT_INCOMPLETE',
      kind: 'environment',
      message: `not all could be written: ${failed.join('; ')}${written.length === 0 ? '' : `; written: ${written.join(', ')}`}`,
      fix: 'mend what is named there and run it again; no verdict has changed',
    });
  }
  output.result({ written }, written.join('\n'));
}

function reportersFor(format: string | undefined): Record<string, Reporter> {
  const known = Object.keys(reporters);
  const names = format === undefined ? known : format.split(',').map((name) => name.trim());
  return Object.fromEntries(
    names.map((name) => {
      const reporter = Object.hasOwn(reporters, name) ? reporters[name as keyof typeof reporters] : undefined;
      if (reporter === undefined) {
        throw new BreakfixError({
          code: 'FORMAT_UNKNOWN',
          kind: 'user',
          message: `there is no report format "${name}"; there are ${known.join(', ')}`,
          fix: `--format ${closest(name, known)}`,
        });
      }
      return [name, reporter];
    }),
  );
}
