import type { RemoteCommand } from './remote-command.ts';
import { endMessage, resize } from './remote-command.ts';
import type { PortForwardResponse } from './port-forward.ts';
import { ForwardedConnection } from './port-forward.ts';
import { IGNORE, SpdyConnection } from './spdy.ts';
import type { SpdyStream, SpdyStreamHandler } from './spdy.ts';

/** What carries the bytes of a SPDY connection: an upgraded socket, or a WebSocket that tunnels them. */
export interface ByteChannel {
  send(bytes: Buffer): void;
  close(): void;
}

/** What the channel does with the client's bytes. */
export interface ByteReceiver {
  /** Throws where they are not SPDY. */
  receive(chunk: Buffer): void;
  /** The client has gone. */
  close?(): void;
}

/**
 * A command over SPDY (`v4.channel.k8s.io`): a stream each for error, stdin, stdout, stderr and resize. Output is
 * sent once all streams are there that `expected` names.
 */
export function spdyCommand(
  remote: RemoteCommand,
  expected: ReadonlySet<string>,
  channel: ByteChannel,
): ByteReceiver {
  const streams = new Map<string, SpdyStream>();
  const finish = (message: string | undefined): void => {
    if (message !== undefined) streams.get('error')?.write(Buffer.from(message));
    for (const stream of streams.values()) stream.end();
    connection.goAway();
    channel.close();
  };
  const connection = new SpdyConnection({
    send: (bytes) => channel.send(bytes),
    open: (stream) => {
      const type = stream.headers['streamtype'] ?? '';
      streams.set(type, stream);
      if ([...expected].every((name) => streams.has(name))) {
        remote.output.connect({
          stdout: (bytes) => streams.get('stdout')?.write(bytes),
          stderr: (bytes) => streams.get('stderr')?.write(bytes),
          finish: (result) => finish(endMessage(result, remote.command, 'v4')),
        });
      }
      return commandInput(type, remote);
    },
  });
  return { receive: (chunk) => connection.receive(chunk) };
}

function commandInput(type: string, { input }: RemoteCommand): SpdyStreamHandler {
  if (type === 'stdin') {
    return {
      data: (bytes) => input.stdin(bytes),
      end: () => input.stdinEnd(),
      reset: () => input.stdinEnd(),
    };
  }
  if (type === 'resize') {
    // One JSON document a write of the client, and a write is one frame.
    return { ...IGNORE, data: (bytes) => resize(input, Buffer.from(bytes).toString()) };
  }
  return IGNORE;
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/**
 * Port-forward over SPDY (`portforward.k8s.io`): each connection is a pair of streams, `error` and `data`, with
 * the same `requestid`.
 */
export function spdyPortForward(answer: PortForwardResponse, channel: ByteChannel): ByteReceiver {
  const errors = new Map<string, SpdyStream>();
  const forwards = new Map<number, ForwardedConnection>();
  const forward = (stream: SpdyStream, requestId: string, port: number): SpdyStreamHandler => {
    const connected = new ForwardedConnection(answer, port, {
      data: (bytes) => stream.write(bytes),
      end: () => stream.end(),
      fail: (message) => errors.get(requestId)?.write(Buffer.from(message)),
      finished: () => {
        stream.end();
        // The client waits for the end of the error stream before it takes the connection for finished.
        errors.get(requestId)?.end();
        errors.delete(requestId);
        forwards.delete(stream.id);
      },
    });
    if (!connected.finished) forwards.set(stream.id, connected);
    return {
      data: (bytes) => connected.data(bytes),
      end: () => connected.end(),
      reset: () => connected.destroy(),
    };
  };
  const connection = new SpdyConnection({
    send: (bytes) => channel.send(bytes),
    open: (stream) => {
      const { streamtype, requestid = '', port } = stream.headers;
      if (streamtype === 'error') errors.set(requestid, stream);
      else if (isPort(port)) return forward(stream, requestid, Number(port));
      else stream.end();
      return IGNORE;
    },
  });
  return {
    receive: (chunk) => connection.receive(chunk),
    close: () => {
      for (const connected of forwards.values()) connected.destroy();
    },
  };
}
