import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { BreakfixError } from '../core/errors.ts';
import type { GradeEntry } from '../report/journal.ts';
import { grade } from './grade.ts';
import { hintPrice } from './hints.ts';
import type { OpenLab } from './open-lab.ts';
import { changesBetween, type Snapshot, takeSnapshot } from './snapshot.ts';

/** Grades a lab, one grade at a time, and writes the result and what the learner changed into the journal. */
export async function gradeLab(
  lab: OpenLab,
  options: {
    readonly now: () => Date;
    readonly progress: (message: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<GradeEntry> {
  using _lock = lockGrading(lab);
  const { journal } = lab.folder;
  const result = await grade(lab.cluster, lab.baseline, lab.incident, {
    hintPrice: hintPrice(journal.read()),
    progress: options.progress,
    signal: options.signal,
  });
  journal.append(options.now(), { type: 'graded', ...result });
  await noteChanges(lab, options.now());
  return result;
}

/** Writes what differs from the hand-over into the journal; a cluster that does not answer has nothing to say. */
async function noteChanges(lab: OpenLab, now: Date): Promise<void> {
  try {
    const before = lab.folder.readJson('handed-over.json') as Snapshot;
    const changes = changesBetween(before, await takeSnapshot(lab.cluster.kube, lab.incident.plan));
    lab.folder.journal.append(now, { type: 'changed', changes });
  } catch {
    // The verdict has been written; without a cluster there is nothing to compare.
  }
}

/** Two grades at once would see each other's clones and load. */
function lockGrading(lab: OpenLab): Disposable {
  const path = lab.folder.file('grading');
  const holder = takeLock(path);
  if (holder !== undefined) {
    throw new BreakfixError({
      code: 'GRADE_RUNNING',
      kind: 'user',
      message: `lab ${lab.name} is being graded already (process ${holder})`,
      fix: 'wait until that is done',
    });
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/** @returns undefined where the lock was taken, otherwise the process that holds it */
function takeLock(path: string): number | undefined {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(readFileSync(path, 'utf8'));
  if (isAlive(holder)) return holder;
  // Its holder was killed.
  rmSync(path, { force: true });
  return takeLock(path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid > 0;
  } catch {
    return false;
  }
}
