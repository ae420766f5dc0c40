import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { InputRecord } from './inputs.ts';

/**
 * The log of a lab as a file: one header line, then one record a line. Appended with one write per record before
 * the record is applied; a torn last line (the process was killed in the middle) is dropped when it is read.
 */
export interface LogHeader {
  readonly format: 'breakfix-inputs';
  readonly version: number;
  /** Version of breakfix: another one may simulate differently. */
  readonly breakfix: string;
  readonly seed: string;
  /** Virtual time of the start, microseconds since 1970. */
  readonly epoch: number;
  /** What the cluster was made of, as the provider wrote it. */
  readonly spec: unknown;
}

export const LOG_VERSION = 1;

export class LogError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LogError';
  }
}

export interface ReadLog {
  readonly header: LogHeader;
  readonly records: readonly InputRecord[];
  /** Bytes that are whole records; what follows is torn. */
  readonly length: number;
  /** Bytes of the file when it was read. */
  readonly size: number;
}

/** Reads a log. @throws LogError for a file that is not one, has another version, or is corrupt before its end */
export function readLog(path: string): ReadLog {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, end).toString('utf8').split('\n');
  lines.pop();
  const header = parseHeader(lines[0], path);
  const records: InputRecord[] = [];
  let length = Buffer.byteLength(lines[0] ?? '') + 1;
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const isLast = index === lines.length - 1;
    let record: InputRecord;
    try {
      record = parseRecord(line, path, index + 1);
    } catch (error) {
      if (isLast) break;
      throw error;
    }
    records.push(record);
    length += Buffer.byteLength(line) + 1;
  }
  return { header, records, length, size: bytes.length };
}

/** Reads the first line of a log. @throws LogError for a file that is not one, or has another version */
export function readHeader(path: string): LogHeader {
  const file = openSync(path, 'r');
  try {
    let text = '';
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.alloc(HEADER_CHUNK);
    for (let read = 1; read > 0 && !text.includes('\n');) {
      read = readSync(file, chunk);
      text += decoder.write(chunk.subarray(0, read));
    }
    return parseHeader(text.split('\n', 1)[0], path);
  } finally {
    closeSync(file);
  }
}

const HEADER_CHUNK = 16_384;

function parseHeader(line: string | undefined, path: string): LogHeader {
  const header = parse(line, path, 1) as LogHeader | undefined;
  if (header?.format !== 'breakfix-inputs') throw new LogError(`${path} is not an input log of breakfix`);
  if (header.version !== LOG_VERSION) {
    throw new LogError(`${path} has log format ${header.version}; this breakfix reads ${LOG_VERSION}`);
  }
  return header;
}

function parseRecord(line: string, path: string, number: number): InputRecord {
  const record = parse(line, path, number) as Partial<InputRecord> | null;
  if (typeof record?.at !== 'number' || typeof record.input?.type !== 'string') {
    throw new LogError(`${path}:${number} is not a record of an input`);
  }
  return record as InputRecord;
}

function parse(line: string | undefined, path: string, number: number): unknown {
  try {
    return JSON.parse(line ?? '') as unknown;
  } catch {
    throw new LogError(`${path}:${number} is not JSON`);
  }
}

/** An open log that takes records. */
export class InputLogWriter {
  readonly #file: number;
  #count: number;
  /** Bytes of whole records. */
  #length: number;

  private constructor(file: number, count: number, length: number) {
    this.#file = file;
    this.#count = count;
    this.#length = length;
  }

  /** Starts a new log. @throws where the file exists or cannot be written */
  static create(path: string, header: LogHeader): InputLogWriter {
    const file = openSync(path, 'wx', 0o600);
    const writer = new InputLogWriter(file, 0, 0);
    writer.#write(header);
    fsyncSync(file);
    return writer;
  }

  /** Opens a log that was read, cutting off a torn end. @throws LogError where it is not any more what was read */
  static reopen(path: string, log: ReadLog): InputLogWriter {
    if (!existsSync(path)) throw new LogError(`${path} is gone`);
    const file = openSync(path, 'r+');
    if (fstatSync(file).size !== log.size) {
      closeSync(file);
      throw new LogError(`${path} was written to by another process in the meantime`);
    }
    ftruncateSync(file, log.length);
    return new InputLogWriter(file, log.records.length, log.length);
  }

  /** Records written so far, those of an earlier process included. */
  get count(): number {
    return this.#count;
  }

  /** @throws where the record could not be written whole (the disk is full): then nothing of it stays */
  append(record: InputRecord): void {
    this.#write(record);
    this.#count++;
  }

  #write(line: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.#length + done);
      }
    } catch (error) {
      ftruncateSync(this.#file, this.#length);
      throw error;
    }
    this.#length += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}
