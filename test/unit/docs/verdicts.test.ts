import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../../src/core/package-root.ts';

/** docs/verdicts.md says what every loss gives and which test proves it: the tests that it names are there. */
const text = readFileSync(join(packageRoot, 'docs/verdicts.md'), 'utf8');

interface Row {
  readonly what: string;
  readonly proof: string;
}

/** All rows of the tables: the first cell, and the last. */
function rows(): Row[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => line.split(' | '))
    .map((cells) => ({ what: cells[0]?.slice(2) ?? '', proof: cells.at(-1)?.replace(/ \|$/, '') ?? '' }))
    .filter(({ proof }) => proof !== 'proof');
}

const FOLDERS = [
  'unit/engine',
  'unit/checks',
  'unit/score',
  'unit/report',
  'unit/cli',
  'unit/providers/embedded',
  'integration',
];

function sourceOf(file: string): string {
  const path = FOLDERS.map((folder) => join(packageRoot, 'test', folder, file)).find(existsSync);
  return path === undefined ? '' : readFileSync(path, 'utf8');
}

/** `file.test.ts`: "title", "another title". */
function namedTests(proof: string): { file: string; titles: string[] }[] {
  return [...proof.matchAll(/`([\w-]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].map(
    ([, file = '', quoted = '']) => ({
      file,
      titles: [...quoted.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
    }),
  );
}

describe('the table of verdicts', () => {
  test('has rows', () => expect(rows().length).toBeGreaterThan(30));

  test.each(rows())('$what: its proof is there', ({ proof }) => {
    const named = namedTests(proof);
    expect(named).not.toEqual([]);
    for (const { file, titles } of named) {
      const source = sourceOf(file);
      // Where test.each fills a title in, the table has … between its parts.
      const parts = titles.flatMap((title) => title.split('…')).map((part) => part.trim());
      expect(parts.filter((part) => !source.includes(part))).toEqual([]);
    }
  });
});
