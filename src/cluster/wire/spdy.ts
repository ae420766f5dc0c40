import { HeaderReader, HeaderWriter } from './spdy-headers.ts';
import type { SpdyHeaders } from './spdy-headers.ts';

/**
 * The server's side of SPDY/3.1 as Kubernetes clients speak it: streams that the client opens, data both ways.
 * Windows are ignored: their library never opens them again, so whoever honours them stalls after 64 KiB; the
 * socket below holds back instead. https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */
export interface SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  write(bytes: Uint8Array): void;
  /** No more data from this side. */
  end(): void;
}

/** What a stream's owner does with what comes in on it. */
export interface SpdyStreamHandler {
  data(bytes: Uint8Array): void;
  /** The client has closed its side. */
  end(): void;
  /** The client gave the stream up, both ways. */
  reset(): void;
}

export interface SpdyEvents {
  /** Bytes for the client. */
  send(bytes: Buffer): void;
  /** The client has opened a stream. */
  open(stream: SpdyStream): SpdyStreamHandler;
}

const VERSION = 3;
const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const HEADERS = 8;
const FIN = 1;
const CONTROL_BIT = 0x80;
const HEADER_BYTES = 8;
/** Of a data frame that is sent. */
const MAX_DATA_BYTES = 64 * 1024;
/** Of a frame that is received; the largest that clients send is 32 KiB and a little. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** Streams that are open at one time: a connection of port-forward has two. */
const MOST_STREAMS = 2000;

interface OpenStream {
  handler: SpdyStreamHandler;
  /** Which sides have closed. */
  localEnded: boolean;
  remoteEnded: boolean;
}

/** Of a stream that nobody reads. */
export const IGNORE: SpdyStreamHandler = { data: () => {}, end: () => {}, reset: () => {} };

export class SpdyConnection {
  readonly #events: SpdyEvents;
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #streams = new Map<number, OpenStream>();
  #received: Buffer = Buffer.alloc(0);
  #last = 0;

  constructor(events: SpdyEvents) {
    this.#events = events;
  }

  /**
   * Takes bytes of the client, cut anywhere.
   * @throws Error on what is not SPDY/3.1; the connection is of no use after it
   */
  receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= HEADER_BYTES) {
      const length = this.#received.readUIntBE(5, 3);
      if (length > MAX_FRAME_BYTES) throw new RangeError(`a SPDY frame of ${length} bytes`);
      const end = HEADER_BYTES + length;
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(0, end);
      this.#received = this.#received.subarray(end);
      if (frame.readUInt8(0) & CONTROL_BIT) this.#control(frame);
      else this.#data(frame);
    }
  }

  /** Tells the client that no new streams are taken. */
  goAway(): void {
    this.#sendControl(GOAWAY, 0, uint32s(this.#last, 0));
  }

  #control(frame: Buffer): void {
    if ((frame.readUInt16BE(0) & 0x7fff) !== VERSION) throw new Error('not a SPDY/3 frame');
    const flags = frame.readUInt8(4);
    const body = frame.subarray(HEADER_BYTES);
    switch (frame.readUInt16BE(2)) {
      case SYN_STREAM:
        this.#open(body, flags);
        return;
      case HEADERS:
        // Nobody sends any; but the header blocks of a connection hang together.
        this.#reader.read(body.subarray(4));
        return;
      case RST_STREAM: {
        const id = streamId(body);
        const stream = this.#streams.get(id);
        this.#streams.delete(id);
        stream?.handler.reset();
        return;
      }
      case PING:
        this.#sendControl(PING, 0, body.subarray(0, 4));
        return;
      default: // GOAWAY, SETTINGS and WINDOW_UPDATE ask nothing of this side.
    }
  }

  #open(body: Buffer, flags: number): void {
    const id = streamId(body);
    const headers = this.#reader.read(body.subarray(10));
    if (this.#streams.has(id)) throw new Error(`SPDY stream ${id} is opened twice`);
    if (this.#streams.size >= MOST_STREAMS) throw new Error(`more than ${MOST_STREAMS} SPDY streams`);
    this.#last = id;
    this.#sendControl(SYN_REPLY, 0, Buffer.concat([uint32s(id), this.#writer.write({})]));
    const stream = { handler: IGNORE, localEnded: false, remoteEnded: false };
    this.#streams.set(id, stream);
    stream.handler = this.#events.open({
      id,
      headers,
      write: (bytes) => this.#write(id, bytes),
      end: () => this.#end(id),
    });
    if (flags & FIN) this.#remoteEnd(id);
  }

  #data(frame: Buffer): void {
    const id = streamId(frame);
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.remoteEnded) return;
    if (frame.length > HEADER_BYTES) stream.handler.data(frame.subarray(HEADER_BYTES));
    if (frame.readUInt8(4) & FIN) this.#remoteEnd(id);
  }

  #remoteEnd(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.remoteEnded = true;
    this.#forget(id, stream);
    stream.handler.end();
  }

  #write(id: number, bytes: Uint8Array): void {
    if (this.#streams.get(id)?.localEnded !== false) return;
    for (let at = 0; at < bytes.byteLength; at += MAX_DATA_BYTES) {
      this.#sendData(id, 0, bytes.subarray(at, at + MAX_DATA_BYTES));
    }
  }

  #end(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.localEnded) return;
    stream.localEnded = true;
    this.#sendData(id, FIN, Buffer.alloc(0));
    this.#forget(id, stream);
  }

  #forget(id: number, stream: OpenStream): void {
    if (stream.localEnded && stream.remoteEnded) this.#streams.delete(id);
  }

  #sendControl(type: number, flags: number, body: Buffer): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(0x8000 | VERSION, 0);
    header.writeUInt16BE(type, 2);
    header.writeUInt8(flags, 4);
    header.writeUIntBE(body.length, 5, 3);
    this.#events.send(Buffer.concat([header, body]));
  }

  #sendData(id: number, flags: number, bytes: Uint8Array): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(id, 0);
    header.writeUInt8(flags, 4);
    header.writeUIntBE(bytes.byteLength, 5, 3);
    this.#events.send(Buffer.concat([header, bytes]));
  }
}

/** The stream at the start of a frame's body, or of a data frame. */
function streamId(bytes: Buffer): number {
  return bytes.readUInt32BE(0) & 0x7fffffff;
}

function uint32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}
