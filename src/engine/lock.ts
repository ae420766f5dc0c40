import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { BreakfixError, type BreakfixErrorOptions } from '../core/errors.ts';
import { isAlive } from '../core/is-alive.ts';
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
  const path = lab.folder.file('lock');
  return holdLock(path, doing, (holder) => ({
    code: 'LAB_BUSY',
    kind: 'user',
    message: `lab ${lab.name} is being ${holder.doing} already (process ${holder.process})`,
    fix: `wait until that is done; if there is no such process of breakfix, delete ${path}`,
  }));
}

interface LockHolder {
  /** Its number, which its file is named after. */
  readonly process: string;
  readonly doing: string;
}

/** @param busy what is thrown where another process has it */
export function holdLock(
  path: string,
  doing: string,
  busy: (holder: LockHolder) => BreakfixErrorOptions,
): Disposable {
  const holder = takeLock(path, doing);
  if (holder !== undefined) throw new BreakfixError(busy(holder));
  return {
    [Symbol.dispose]: () => {
      rmSync(join(path, String(process.pid)), { force: true });
      // The next one may have it already, or somebody has deleted it.
      succeeds(() => rmdirSync(path), 'ENOTEMPTY', 'EEXIST', 'ENOENT');
    },
  };
}

/**
 * The lock is a folder with the file of its holder. A folder takes the place of another one only if that is empty,
 * and what is left of a holder who died is removed by his name: never the lock of who was quicker.
 * @returns undefined where the lock was taken, otherwise who holds it
 */
function takeLock(path: string, doing: string): LockHolder | undefined {
  const own = mkdtempSync(`${path}.`);
  try {
    writeFileSync(join(own, String(process.pid)), doing, { mode: 0o600 });
    while (!succeeds(() => renameSync(own, path), 'ENOTEMPTY', 'EEXIST')) {
      const holder = holderOf(path);
      if (holder === undefined) continue;
      if (isAlive(Number(holder.process))) return holder;
      rmSync(join(path, holder.process), { force: true });
    }
    return undefined;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** @returns undefined where he has just finished */
function holderOf(path: string): LockHolder | undefined {
  let holder: LockHolder | undefined;
  succeeds(() => {
    const [file] = readdirSync(path);
    if (file !== undefined) holder = { process: file, doing: readFileSync(join(path, file), 'utf8') };
  }, 'ENOENT');
  return holder;
}

/** @param expected codes of errors with which it may fail */
function succeeds(work: () => void, ...expected: readonly string[]): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (expected.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
