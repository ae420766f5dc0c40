import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InputLogWriter,
  LOG_VERSION,
  type LogHeader,
  readHeader,
  readLog,
} from '../../../../src/cluster/host/input-log.ts';
import type { InputRecord } from '../../../../src/cluster/host/inputs.ts';

const header: LogHeader = {
  format: 'breakfix-inputs',
  version: LOG_VERSION,
  breakfix: '0.1.0',
  seed: 'ü',
  epoch: 1,
  spec: {},
};
const record = (at: number): InputRecord => ({ at, events: 0, revision: 0, input: { type: 'advance' } });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'inputs.jsonl');
  const writer = InputLogWriter.create(path, header);
  for (const at of [1, 2, 3]) writer.append(record(at));
  writer.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the log of inputs', () => {
  test('holds what was written', () => {
    expect(readLog(path)).toMatchObject({ header, records: [1, 2, 3].map(record) });
  });

  test.each([1, 16_383, 16_384, 100_000])('its header is read alone, also with %s bytes of it', (bytes) => {
    const long = { ...header, spec: { ca: 'ä'.repeat(bytes) } };
    rmSync(path);
    const writer = InputLogWriter.create(path, long);
    writer.append(record(1));
    writer.close();
    appendFileSync(path, 'torn');
    expect(readHeader(path)).toEqual(long);
  });

  test.each(['', 'x', '{}\n', '{"format":"breakfix-inputs","version":99}\n'])('%j has no header', (text) => {
    writeFileSync(path, text);
    expect(() => readHeader(path)).toThrow(/is not JSON|is not an input log|has log format 99/);
  });

  test.each([
    '{"at":4,',
    '{"at":4,"events":0,"revision":0,"input":{"type":"advance"}}',
    '{"at":4,\n',
    '\u0000',
  ])('a torn end is dropped, and the next record takes its place: %j', (torn) => {
    appendFileSync(path, torn);
    const log = readLog(path);
    expect(log.records.map(({ at }) => at)).toEqual([1, 2, 3]);
    const writer = InputLogWriter.reopen(path, log);
    writer.append(record(5));
    expect(writer.count).toBe(4);
    writer.close();
    expect(readLog(path).records.map(({ at }) => at)).toEqual([1, 2, 3, 5]);
  });

  test.each([
    ['', 'is not JSON'],
    ['{"at":1,', 'is not JSON'],
    ['null', 'is not a record of an input'],
    ['{"at":1}', 'is not a record of an input'],
  ])('a corrupt line before the end is named: %j', (line, words) => {
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.with(2, line).join('\n'));
    expect(() => readLog(path)).toThrow(`${path}:3 ${words}`);
  });

  test.each([
    ['', `inputs.jsonl:1 is not JSON`],
    ['{}\n', 'is not an input log of breakfix'],
    ['null\n', 'is not an input log of breakfix'],
    [`${JSON.stringify({ ...header, version: 99 })}\n`, 'has log format 99; this breakfix reads 1'],
  ])('what is no log, or of another format, is refused: %j', (text, words) => {
    writeFileSync(path, text);
    expect(() => readLog(path)).toThrow(words);
  });

  test('whoever reopens it after somebody else has written to it is refused', () => {
    const log = readLog(path);
    const faster = InputLogWriter.reopen(path, log);
    faster.append(record(4));
    expect(() => InputLogWriter.reopen(path, log)).toThrow('was written to by another process');
    expect(readLog(path).records).toHaveLength(4);
    faster.close();
  });

  test('nothing of a record stays that could not be written', () => {
    // A full disk, as Linux offers it for tests, cannot be truncated either; a closed file fails as surely.
    const writer = InputLogWriter.reopen(path, readLog(path));
    writer.close();
    expect(() => writer.append(record(4))).toThrow('EBADF');
    expect(writer.count).toBe(3);
    expect(readLog(path).records).toHaveLength(3);
  });

  test('an existing log is never overwritten', () => {
    expect(() => InputLogWriter.create(path, header)).toThrow('EEXIST');
  });
});
