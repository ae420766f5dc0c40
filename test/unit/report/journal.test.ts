import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BreakfixError } from '../../../src/core/errors.ts';
import { Journal, type JournalEntry, sinceReset } from '../../../src/report/journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakfix-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the journal', () => {
  let path = '';
  let journal = new Journal('');
  let count = 0;
  beforeEach(() => {
    path = join(folder, `${++count}.jsonl`);
    journal = new Journal(path);
  });
  const now = new Date('2026-03-01T10:00:00Z');

  test('keeps entries in order, a line each, for its owner only', () => {
    journal.append(now, { type: 'hint', number: 1, price: 5, text: 'one\ntwo' });
    journal.append(now, { type: 'given-up' });
    expect(journal.read()).toEqual([
      { time: now.toISOString(), type: 'hint', number: 1, price: 5, text: 'one\ntwo' },
      { time: now.toISOString(), type: 'given-up' },
    ]);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('is empty before anything happened', () => expect(journal.read()).toEqual([]));

  test('leaves out half a last line', () => {
    journal.append(now, { type: 'given-up' });
    appendFileSync(path, '{"time":"2026-03-01T10:00:01.000Z","type":"gra');
    expect(journal.read()).toHaveLength(1);
  });

  test('goes on behind half a last line', () => {
    journal.append(now, { type: 'given-up' });
    appendFileSync(path, '{"time":"2026-03-01T10:00:01.000Z","type":"gra');
    journal.append(now, { type: 'reset' });
    journal.append(now, { type: 'given-up' });
    expect(journal.read().map(({ type }) => type)).toEqual(['given-up', 'reset', 'given-up']);
  });

  test('takes a whole last line without its newline, and keeps it when it goes on', () => {
    writeFileSync(path, '{"time":"2026-03-01T10:00:00.000Z","type":"reset"}');
    expect(journal.read()).toHaveLength(1);
    journal.append(now, { type: 'given-up' });
    expect(journal.read().map(({ type }) => type)).toEqual(['reset', 'given-up']);
  });

  test('names an earlier line that is not JSON', () => {
    journal.append(now, { type: 'given-up' });
    appendFileSync(path, 'oops\n');
    journal.append(now, { type: 'reset' });
    const read = (): unknown => journal.read();
    expect(read).toThrow(BreakfixError);
    expect(read).toThrow(`${path}:2 is not JSON`);
  });

  test('a corrupt line that ends is corrupt also at the end', () => {
    journal.append(now, { type: 'given-up' });
    appendFileSync(path, 'oops\n');
    expect(() => journal.read()).toThrow(':2 is not JSON');
  });
});

describe('sinceReset', () => {
  const entry = (type: 'reset' | 'given-up'): JournalEntry => ({ time: '2026-03-01T10:00:00Z', type });

  test('is everything without a reset, otherwise what follows the last', () => {
    expect(sinceReset([entry('given-up')])).toHaveLength(1);
    expect(sinceReset([entry('reset'), entry('given-up'), entry('reset'), entry('given-up')])).toHaveLength(
      1,
    );
    expect(sinceReset([entry('reset')])).toEqual([]);
  });
});
