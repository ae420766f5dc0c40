import { cpus } from 'node:os';

/**
 * How much of its processors' time a machine has left: what nobody wants, or only those who were asked to be nice.
 * @returns from now on: the share of it since the last call, 0 to 1
 */
export function idleness(): () => number {
  let last = times();
  return () => {
    const now = times();
    const idle = now.idle - last.idle;
    const all = now.all - last.all;
    last = now;
    return all === 0 ? 0 : idle / all;
  };
}

/** Milliseconds since the machine began, of all processors together. */
function times(): { idle: number; all: number } {
  let idle = 0;
  let all = 0;
  for (const { times: of } of cpus()) {
    // Work that was told to stand back gives way.
    idle += of.idle + of.nice;
    all += of.idle + of.user + of.nice + of.sys + of.irq;
  }
  return { idle, all };
}
