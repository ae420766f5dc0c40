import type { LogOptions, StreamSink } from '../node-api.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';

interface Line {
  readonly at: Micros;
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
  /** Ends with a newline; the last line of a stream may not. */
  readonly whole: boolean;
}

/** The kubelet rotates at this size and `kubectl logs` shows one file. */
const MAX_BYTES = 10 * 1024 * 1024;
/** What stands in front of a line in the file on the node: time, stream, and whether it is whole. */
const PREFIX = 'yyyy-mm-ddThh:mm:ss.nnnnnnnnnZ stdout F '.length;
/** Bytes after which containerd breaks a line (max_container_log_line_size). */
const LONGEST_LINE = 16 * 1024;
const NEWLINE = 10;
const encoder = new TextEncoder();

/**
 * What one container wrote, line by line with the time, as containerd keeps it. Bounded: past 10 MiB the oldest
 * half goes. https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-rotation
 */
export class ContainerLog {
  #lines: Line[] = [];
  #bytes = 0;
  #closed = false;
  readonly #partial: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #followers = new Set<{ line: (line: Line) => void; end: () => void }>();
  readonly #simulation: Simulation;
  readonly #madeAt: Micros;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#madeAt = simulation.now;
  }

  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const pieces = this.#partial[stream].splice(0);
      pieces.push(bytes.slice(start, end + 1));
      this.#append(stream, join(pieces), true);
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(stream, bytes.slice(start));
  }

  /** Bytes of a line that has no end yet. */
  #keep(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const pieces = this.#partial[stream];
    pieces.push(bytes);
    if (pieces.reduce((sum, { length }) => sum + length, 0) < LONGEST_LINE) return;
    const line = join(pieces.splice(0));
    let start = 0;
    for (; start + LONGEST_LINE <= line.length; start += LONGEST_LINE) {
      this.#append(stream, line.slice(start, start + LONGEST_LINE), false);
    }
    if (start < line.length) pieces.push(line.slice(start));
  }

  /** The container has ended: half lines are written out and followers end. */
  close(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const pieces = this.#partial[stream].splice(0);
      if (pieces.length > 0) this.#append(stream, join(pieces), false);
    }
    this.#closed = true;
    for (const follower of this.#followers) follower.end();
    this.#followers.clear();
  }

  /** The last lines as text, for FallbackToLogsOnError: at most `lines` lines and `bytes` bytes. */
  tail(lines: number, bytes: number): string {
    const text = new TextDecoder().decode(join(this.#lines.slice(-lines).map((line) => line.bytes)));
    return text.length > bytes ? text.slice(-bytes) : text;
  }

  /** When the last line was written: microseconds since 1970. */
  get lastAt(): Micros {
    return this.#lines.at(-1)?.at ?? this.#madeAt;
  }

  /**
   * As containerd writes it on the node: time, stream, and whether the line is whole.
   * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
   */
  asFile(): string {
    const decoder = new TextDecoder();
    return this.#lines
      .map((line) => {
        const text = decoder.decode(line.bytes);
        return `${stampOf(line)} ${line.stream} ${line.whole ? `F ${text}` : `P ${text}\n`}`;
      })
      .join('');
  }

  /** Sends what the options ask for. @returns how to stop following */
  read(options: LogOptions, sink: StreamSink): () => void {
    const since = this.#since(options);
    let left = options.limitBytes ?? Infinity;
    const send = (line: Line): void => {
      const bytes = options.timestamps === true ? stamped(line) : line.bytes;
      if (left > 0) sink.write(bytes.length > left ? bytes.slice(0, left) : bytes);
      left -= bytes.length;
    };
    let lines = since === undefined ? this.#lines : this.#lines.filter((line) => line.at >= since);
    if (options.tailLines !== undefined) {
      lines = options.tailLines <= 0 ? [] : lines.slice(-options.tailLines);
    }
    for (const line of lines) {
      if (left <= 0) break;
      send(line);
    }
    if (options.follow !== true || this.#closed || left <= 0) {
      sink.end();
      return () => {};
    }
    const follower = {
      line: (line: Line): void => {
        send(line);
        if (left > 0) return;
        this.#followers.delete(follower);
        sink.end();
      },
      end: () => sink.end(),
    };
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #since(options: LogOptions): Micros | undefined {
    if (options.sinceSeconds !== undefined) return this.#simulation.now - options.sinceSeconds * 1_000_000;
    if (options.sinceTime !== undefined) return Date.parse(options.sinceTime) * 1000;
    return undefined;
  }

  #append(stream: Line['stream'], bytes: Uint8Array, whole: boolean): void {
    const line: Line = { at: this.#simulation.now, stream, bytes, whole };
    this.#lines.push(line);
    this.#bytes += PREFIX + bytes.length;
    if (this.#bytes > MAX_BYTES) this.#rotate();
    for (const follower of [...this.#followers]) follower.line(line);
  }

  #rotate(): void {
    this.#lines = this.#lines.slice(Math.ceil(this.#lines.length / 2));
    this.#bytes = this.#lines.reduce((sum, line) => sum + PREFIX + line.bytes.length, 0);
  }
}

function stamped(line: Line): Uint8Array {
  return join([encoder.encode(`${stampOf(line)} `), line.bytes]);
}

/** With nanoseconds, of which the last three are none of ours. */
function stampOf({ at }: Line): string {
  const base = new Date(Math.floor(at / 1000)).toISOString().slice(0, 23);
  return `${base}${String(at % 1000).padStart(3, '0')}000Z`;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const result = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
