import { readFileSync } from 'node:fs';
import { rules } from './rules.ts';

/** At most so many names may be on the list. */
const MOST = 10;

/** Entries of the table "What may differ in a parity run" of docs/fidelity.md. */
export function entriesOf(markdown: string): readonly string[] {
  const section = /^## What may differ in a parity run$([\s\S]*?)^## /m.exec(markdown)?.[1] ?? '';
  return [...section.matchAll(/^\| (\S+) \|/gm)]
    .map(([, entry = '']) => entry)
    .slice(1)
    .filter((entry) => !entry.startsWith('-'));
}

/** @throws where the page and the program do not have the same list */
export function checkTable(path: string): void {
  const written = [...entriesOf(readFileSync(path, 'utf8'))].sort().join(', ');
  const known = rules
    .map(({ name }) => name)
    .sort()
    .join(', ');
  if (written !== known) throw new Error(`${path} lists ${written}; the parity program knows ${known}`);
  if (rules.length > MOST) throw new Error(`${rules.length} entries; there may be ${MOST}`);
}
