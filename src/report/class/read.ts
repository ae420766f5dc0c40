import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { BreakfixError, messageOf } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { Journal } from '../journal.ts';
import { type LabReport, REPORT_VERSION, reportOf } from '../summary.ts';
import type { FoundLab, Refused } from './summary.ts';

/** What a folder may have of a lab; the first that is there counts. */
const FILES = ['journal.jsonl', 'report.json', 'refused.json'] as const;

/**
 * Finds labs below folders: a folder with a journal, a report, or why it was refused, each. Who it is of says the first folder
 * on the way to it. A file that cannot be read is refused, the others count.
 * @throws BreakfixError where a folder has none, or cannot be read
 */
export function readClass(folders: readonly string[]): { labs: FoundLab[]; refused: Refused[] } {
  const labs: FoundLab[] = [];
  const refused: Refused[] = [];
  for (const root of folders) {
    const found = labFolders(root);
    if (found.length === 0) throw nothingIn(root);
    for (const { folder, file } of found) {
      const who = relative(root, folder).split(sep)[0] || basename(resolve(root));
      try {
        const read = readLab(folder, file);
        if (typeof read === 'string') refused.push({ who, why: read });
        else labs.push({ who, report: read });
      } catch (error) {
        refused.push({ who, why: messageOf(error) });
      }
    }
  }
  return { labs, refused };
}

function labFolders(root: string): { folder: string; file: (typeof FILES)[number] }[] {
  const paths = pathsBelow(root);
  const folders = [...new Set(paths.map((path) => join(path, '..')))].sort();
  return folders.flatMap((folder) => {
    const file = FILES.find((name) => paths.includes(join(folder, name)));
    return file === undefined ? [] : [{ folder, file }];
  });
}

function pathsBelow(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((path) => join(root, path))
      .filter((path) => FILES.some((name) => name === basename(path)));
  } catch (cause) {
    throw new BreakfixError({
      code: 'FOLDER_UNREADABLE',
      kind: 'user',
      message: `${root} cannot be read: ${messageOf(cause)}`,
      fix: 'give a folder of reports or journals',
      cause,
    });
  }
}

/** @returns the report, or why it was refused when it was marked */
function readLab(folder: string, file: (typeof FILES)[number]): LabReport | string {
  const path = join(folder, file);
  if (file === 'journal.jsonl') return reportOf(basename(resolve(folder)), new Journal(path).read());
  const value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
  if (!isObject(value)) throw new Error(`${path} is no document of breakfix`);
  if (file === 'refused.json') return String(value['message']);
  if (value['schema'] !== 'breakfix-report' || value['version'] !== REPORT_VERSION) {
    throw new Error(`${path} is no report of version ${REPORT_VERSION}`);
  }
  return value as unknown as LabReport;
}

function nothingIn(root: string): BreakfixError {
  return new BreakfixError({
    code: 'NO_REPORTS',
    kind: 'user',
    message: `${root} has no ${FILES.join(', ')} in it or below it`,
    fix: 'give the folder that breakfix report or breakfix grade --replay wrote to with --out',
  });
}
