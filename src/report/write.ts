import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';

export interface WrittenReports {
  /** Paths. */
  readonly written: readonly string[];
  /** `format: what went wrong`. */
  readonly failed: readonly string[];
}

/**
 * Writes the reports of a lab or of a class into a folder, and a copy of a lab's journal. A reporter that throws
 * spoils its own file only.
 */
export function writeReports<T>(
  report: T,
  reporters: Readonly<Record<string, { readonly file: string; readonly render: (report: T) => string }>>,
  options: { readonly folder: string; readonly journal?: string },
): WrittenReports {
  const written: string[] = [];
  const failed: string[] = [];
  const attempt = (name: string, file: string, write: (path: string) => void): void => {
    const path = join(options.folder, file);
    try {
      mkdirSync(options.folder, { recursive: true });
      write(path);
      written.push(path);
    } catch (error) {
      failed.push(`${name}: ${messageOf(error)}`);
    }
  };
  for (const [name, { file, render }] of Object.entries(reporters)) {
    attempt(name, file, (path) => writeFileSync(path, render(report)));
  }
  const { journal } = options;
  if (journal !== undefined && existsSync(journal)) {
    attempt('journal', 'journal.jsonl', (path) => copyFileSync(journal, path));
  }
  return { written, failed };
}
