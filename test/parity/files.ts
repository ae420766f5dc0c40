import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { type Case, loadCases } from './case.ts';
import { readTranscript, type Transcript, writeTranscript } from './transcript.ts';

const HERE = join(packageRoot, 'test/parity');

/** The cases whose id has one of the words in it; without words all. @throws Error where there is none */
export function casesLike(words: readonly string[]): readonly Case[] {
  const cases = loadCases(join(HERE, 'cases')).filter(
    ({ id }) => words.length === 0 || words.some((word) => id.includes(word)),
  );
  if (cases.length === 0) throw new Error(`no case is called like ${words.join(' or ')}`);
  return cases;
}

const goldenPath = (id: string): string => join(HERE, 'golden', `${id}.txt`);
/** Both recordings of a case of which something is chance. */
const chancePath = (id: string): string => join(HERE, 'golden', `${id}.chance.txt`);

export function readGolden(id: string): Transcript | undefined {
  const path = goldenPath(id);
  return existsSync(path) ? readTranscript(readFileSync(path, 'utf8')) : undefined;
}

/**
 * Keeps what is the same in two recordings.
 * @param golden undefined: so little is the same that the case does not count
 */
export function keepRecordings(
  id: string,
  golden: Transcript | undefined,
  recordings: readonly [Transcript, Transcript],
): void {
  mkdirSync(dirname(goldenPath(id)), { recursive: true });
  if (golden === undefined) rmSync(goldenPath(id), { force: true });
  else writeFileSync(goldenPath(id), writeTranscript(golden));
  const chance = golden?.some(({ lines }) => lines.some((line) => typeof line !== 'string')) ?? true;
  if (!chance) rmSync(chancePath(id), { force: true });
  else writeFileSync(chancePath(id), different(recordings));
}

/** The passages that differ, of both recordings. */
function different([one, other]: readonly [Transcript, Transcript]): string {
  const differs = (index: number): boolean => JSON.stringify(one[index]) !== JSON.stringify(other[index]);
  const indexes = Array.from({ length: Math.max(one.length, other.length) }, (_, index) => index);
  const of = (transcript: Transcript): string =>
    writeTranscript(indexes.filter(differs).flatMap((index) => transcript[index] ?? []));
  return `# The first recording\n\n${of(one)}\n# The second recording\n\n${of(other)}`;
}
