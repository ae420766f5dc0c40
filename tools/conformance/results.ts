import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a test ended. */
export interface Result {
  readonly status: 'passed' | 'failed';
  /** Seconds of the wall. */
  readonly seconds: number;
  /** Of a failed one, what the suite says. */
  readonly message?: string;
}

/** By the name of the test. */
export type Results = Map<string, Result>;

export function readResults(folder: string): Results {
  const path = join(folder, 'results.json');
  if (!existsSync(path)) return new Map();
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Result>));
}

export function writeResults(folder: string, results: Results): void {
  const path = join(folder, 'results.json');
  const sorted = [...results].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(sorted), undefined, 1));
  renameSync(`${path}.new`, path);
}
