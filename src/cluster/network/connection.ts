import type { ChannelSide } from './channel.ts';
import type { Connection } from './types.ts';

/** A channel's side as the bytes that a program reads and writes. */
export function connectionOf(side: ChannelSide): Connection {
  return {
    peer: side.peer,
    write: (bytes) => {
      // Copied: the writer may use its buffer again.
      if (bytes.length > 0) side.send({ kind: 'bytes', bytes: bytes.slice() });
    },
    end: () => side.send({ kind: 'end' }),
    destroy: () => side.reset(),
  };
}
