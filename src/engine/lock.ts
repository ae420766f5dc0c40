import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BreakfixError } from '../core/errors.ts';
import type { LabFolder } from './lab-store.ts';

/**
 * One command at a time may grade, repair or rebuild a lab: two would see each other's clones and load.
 * @param doing what is done to the lab, as in "lab x is being …"
 * @throws BreakfixError where another process is at it
 */
export function lockLab(
  lab: { readonly name: string; readonly folder: LabFolder },
  doing: string,
): Disposable {
  const path = lab.folder.file('busy');
  const holder = takeLock(path, doing);
  if (holder !== undefined) {
    throw new BreakfixError({
      code: 'LAB_BUSY',
      kind: 'user',
      message: `lab ${lab.name} is being ${holder.doing} already (process ${holder.pid})`,
      fix: `wait until that is done; if there is no such process of breakfix, delete ${path}`,
    });
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

interface Holder {
  readonly pid: number;
  readonly doing: string;
}

/** @returns undefined where the lock was taken, otherwise who holds it */
function takeLock(path: string, doing: string): Holder | undefined {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${process.pid} ${doing}`, { mode: 0o600 });
  try {
    // A link appears whole or not at all: nobody reads a lock that is half written.
    linkSync(own, path);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const holder = holderOf(path);
  if (holder !== undefined && isAlive(holder.pid)) return holder;
  // Its holder was killed, or has just finished.
  rmSync(path, { force: true });
  return takeLock(path, doing);
}

function holderOf(path: string): Holder | undefined {
  try {
    const [, pid = '', doing = ''] = /^(\d+) (.*)$/.exec(readFileSync(path, 'utf8')) ?? [];
    return { pid: Number(pid), doing };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
