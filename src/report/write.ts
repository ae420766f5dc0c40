import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { Reporter } from './reporters.ts';
import type { LabReport } from './summary.ts';

export interface WrittenReports {
  /** Paths. */
  readonly written: readonly string[];
  /** `format: what went wrong`. */
  readonly failed: readonly string[];
}

/**
 * Writes the reports of a lab and a copy of its journal into a folder. A reporter that throws spoils its own file
 * only.
 */
export function writeReports(
  report: LabReport,
  reporters: Readonly<Record<string, Reporter>>,
  options: { readonly folder: string; readonly journal: string },
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
  if (existsSync(options.journal)) {
    attempt('journal', 'journal.jsonl', (path) => copyFileSync(options.journal, path));
  }
  return { written, failed };
}
