import { statSync } from 'node:fs';
import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import { own } from '../../core/json.ts';
import type { LabStore } from '../../engine/lab-store.ts';
import { readClass } from '../../report/class/read.ts';
import { classReporters } from '../../report/class/reporters.ts';
import { classOf, type ClassSummary } from '../../report/class/summary.ts';
import { reporters } from '../../report/reporters.ts';
import { reportOf } from '../../report/summary.ts';
import { writeReports } from '../../report/write.ts';
import type { CommandContext } from '../context.ts';

export interface ReportFlags {
  readonly format?: string;
  readonly out: string;
}

/** `breakfix report`: files made from the journals, in a folder per lab; or from folders of them, for a class. */
export function report(context: CommandContext, names: readonly string[], flags: ReportFlags): void {
  const { store, output } = context;
  const folders = names.filter((name) => isFolder(store, name));
  if (folders.length > 0) {
    if (folders.length < names.length) throw labsAndFolders(folders, names);
    const { written, summary } = reportClass(folders, flags);
    output.result({ written, class: summary }, written.join('\n'));
    return;
  }
  const written = reportLabs(store, names, flags);
  output.result({ written }, written.join('\n'));
}

/** A lab of that name comes first; `./name` is always a folder. */
function isFolder(store: LabStore, name: string): boolean {
  if (store.list().some((lab) => lab.name === name.toLowerCase())) return false;
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

function reportLabs(store: LabStore, names: readonly string[], flags: ReportFlags): string[] {
  const chosen = formatsIn(reporters, flags.format);
  const labs = names.length > 0 ? names.map((name) => store.find(name)) : store.list();
  if (labs.length === 0) store.find(undefined);
  const written: string[] = [];
  const failed: string[] = [];
  for (const { name, folder } of labs) {
    const files = writeReports(reportOf(name, folder.journal.read()), chosen, {
      folder: join(flags.out, name),
      journal: folder.file('journal.jsonl'),
    });
    written.push(...files.written);
    failed.push(...files.failed.map((what) => `${name}: ${what}`));
  }
  if (failed.length > 0) throw reportIncomplete(failed, written);
  return written;
}

function reportClass(
  folders: readonly string[],
  flags: ReportFlags,
): { written: readonly string[]; summary: ClassSummary } {
  const chosen = formatsIn(classReporters, flags.format);
  const { labs, refused } = readClass(folders);
  const summary = classOf(labs, refused);
  const { written, failed } = writeReports(summary, chosen, { folder: flags.out });
  if (failed.length > 0) throw reportIncomplete(failed, written);
  return { written, summary };
}

export function reportIncomplete(failed: readonly string[], written: readonly string[]): BreakfixError {
  return new BreakfixError({
    code: 'REPORT_INCOMPLETE',
    kind: 'environment',
    message: `not all could be written: ${failed.join('; ')}${written.length === 0 ? '' : `; written: ${written.join(', ')}`}`,
    fix: 'mend what is named there and run it again; no verdict has changed',
  });
}

function labsAndFolders(folders: readonly string[], names: readonly string[]): BreakfixError {
  const labs = names.filter((name) => !folders.includes(name));
  return new BreakfixError({
    code: 'LABS_AND_FOLDERS',
    kind: 'user',
    message: `${labs.join(', ')} must be labs, ${folders.join(', ')} are folders of a class; a report is of one or the other`,
    fix: `breakfix report ${folders.join(' ')}`,
  });
}

function formatsIn<R>(all: Readonly<Record<string, R>>, format: string | undefined): Record<string, R> {
  const known = Object.keys(all);
  const names = format === undefined ? known : format.split(',').map((name) => name.trim());
  return Object.fromEntries(
    names.map((name) => {
      const reporter = own(all, name);
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
