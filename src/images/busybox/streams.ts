import type { FileSystem, InputStream, OutputStream, ProgramContext } from '../../cluster/runtime/types.ts';
import { CpuDebt } from './cpu-debt.ts';
import { LONGEST_TEXT, outOfMemory } from './errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NEWLINE = 0x0a;
/** Bytes that a microsecond of CPU reads, changes and writes. */
export const BYTES_PER_MICROSECOND = 200;
/** What one read of a file gives at most. */
const CHUNK = 64 * 1024;

export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const joined = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/** Bytes that one input may keep at most: a container without a memory limit must not fill the host's memory. */
export const MOST_KEPT = 32 * 1024 * 1024;

/**
 * An input from which less than a chunk can be taken, as `read` and `head` of a shared descriptor do. What is kept
 * until more comes takes the process's memory and CPU, so that one that reads an endless input comes to an end.
 */
export class Input implements InputStream {
  readonly #stream: InputStream;
  readonly #process: Pick<ProgramContext, 'memory' | 'cpu'>;
  #rest: Uint8Array = new Uint8Array();
  readonly #debt: CpuDebt;
  #kept = 0;

  constructor(stream: InputStream, process: Pick<ProgramContext, 'memory' | 'cpu'>) {
    this.#stream = stream;
    this.#process = process;
    this.#debt = new CpuDebt(process.cpu);
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0) return this.#fetch();
    const rest = this.#rest;
    this.#rest = new Uint8Array();
    return Promise.resolve(rest);
  }

  /** Whatever a program does to what it reads, it pays for reading: an endless file would never let others go on. */
  async #fetch(): Promise<Uint8Array | undefined> {
    if (this.#debt.isDue) await this.#debt.pay();
    const chunk = await this.#stream.read();
    this.#debt.owe(1 + (chunk?.length ?? 0) / BYTES_PER_MICROSECOND);
    return chunk;
  }

  /** Up to and including the next `delimiter`; what is left at the end comes without one. */
  async readUntil(delimiter = NEWLINE): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await this.read();
      const end = chunk === undefined ? 0 : chunk.indexOf(delimiter);
      if (chunk !== undefined && end < 0) {
        await this.#keep(chunk, LONGEST_TEXT);
        chunks.push(chunk);
        continue;
      }
      this.#process.memory.free(this.#kept);
      this.#kept = 0;
      if (chunk !== undefined) {
        this.unread(chunk.subarray(end + 1));
        chunks.push(chunk.subarray(0, end + 1));
      }
      return chunks.length === 0 ? undefined : joinBytes(chunks);
    }
  }

  /** A line without its end. */
  async readLine(): Promise<string | undefined> {
    const bytes = await this.readUntil();
    return bytes === undefined ? undefined : decode(bytes).replace(/\n$/, '');
  }

  /** What comes, for who keeps none of it. */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk;
  }

  async readAll(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) {
      await this.#keep(chunk, MOST_KEPT);
      chunks.push(chunk);
    }
    return joinBytes(chunks);
  }

  /** @throws Failure where that is more than `most`, if the container's limit is not below it */
  async #keep({ length }: Uint8Array, most: number): Promise<void> {
    this.#kept += length;
    if (this.#kept > most) outOfMemory();
    this.#process.memory.allocate(length);
    await this.#process.cpu.spend(1 + length / BYTES_PER_MICROSECOND);
  }

  /** Puts bytes back in front. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#rest = joinBytes([bytes, this.#rest]);
  }

  /** What a child gets: the stream itself, unless something of it was read too much. */
  forChild(): InputStream {
    return this.#rest.length === 0 ? this.#stream : this;
  }
}

/** Reads a file that has been opened; devices are asked again and again. */
export class FileInput implements InputStream {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #isDevice: boolean;
  #content: Uint8Array;
  #offset = 0;

  /** @throws FileError */
  constructor(files: FileSystem, path: string) {
    this.#files = files;
    this.#path = path;
    this.#isDevice = files.stat(path).type === 'device';
    this.#content = files.read(path);
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#isDevice && this.#offset > 0) {
      this.#offset = 0;
      this.#content = this.#files.read(this.#path);
    }
    const chunk = this.#content.subarray(this.#offset, this.#offset + CHUNK);
    this.#offset += chunk.length;
    return Promise.resolve(chunk.length === 0 ? undefined : chunk);
  }
}

/** Writes to the end of a file that has been opened. */
export class FileOutput implements OutputStream {
  readonly #files: FileSystem;
  readonly #path: string;

  /**
   * @param how `truncate` empties it, `append` keeps what is there; both make it where it is missing
   * @throws FileError
   */
  constructor(files: FileSystem, path: string, how: 'truncate' | 'append', mode?: number) {
    this.#files = files;
    this.#path = path;
    files.write(path, '', { append: how === 'append', ...(mode !== undefined && { mode }) });
  }

  write(data: string | Uint8Array): void {
    this.#files.write(this.#path, data, { append: true });
  }

  end(): void {}
}

/** The end of everything. */
export const EMPTY: InputStream = { read: () => Promise.resolve(undefined) };
