import { existsSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from './spec.ts';

/** What the embedded provider keeps in a lab's folder. */
export interface EmbeddedFiles {
  readonly log: string;
  readonly credentials: string;
  readonly starting: string;
  readonly alive: string;
  readonly output: string;
}

export function filesIn(folder: string): EmbeddedFiles {
  return {
    log: join(folder, 'inputs.jsonl'),
    credentials: join(folder, 'credentials.json'),
    starting: join(folder, 'starting'),
    alive: join(folder, 'alive'),
    output: join(folder, 'lab.log'),
  };
}

export interface StoredCredentials extends Credentials {
  /** The port of the API server: the same after every revival; kubectl caches by it. 0 until it is known. */
  readonly port: number;
}

export function readCredentials(folder: string): StoredCredentials {
  return JSON.parse(readFileSync(filesIn(folder).credentials, 'utf8')) as StoredCredentials;
}

export function writeCredentials(folder: string, credentials: StoredCredentials): void {
  const { credentials: path } = filesIn(folder);
  writeFileSync(`${path}.new`, JSON.stringify(credentials), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Notes that this process is to be the lab's. Another one may be it already: that shows when one has the port. */
export function markStarting(folder: string): void {
  writeFileSync(filesIn(folder).starting, `${process.pid}\n`, { mode: 0o600 });
}

/**
 * Notes that this process is the lab's.
 * @param until when the lab was last known alive: should the process be killed, it is not taken for older
 */
export function markAlive(folder: string, until: Date): void {
  const { alive } = filesIn(folder);
  const marked = `${alive}.${process.pid}`;
  writeFileSync(marked, `${process.pid}\n`, { mode: 0o600 });
  utimesSync(marked, until, until);
  renameSync(marked, alive);
}

/** Notes that the process that is noted is still alive. Needs no room on the disk: a full one must not end a lab. */
export function stillAlive(folder: string, now: Date): void {
  utimesSync(filesIn(folder).alive, now, now);
}

/** @returns milliseconds since 1970, or undefined where no process ever ran */
export function lastAlive(folder: string): number | undefined {
  const { alive } = filesIn(folder);
  return existsSync(alive) ? statSync(alive).mtimeMs : undefined;
}

/** The processes that may run in the folder: the one that last served the lab, and the one that last began to. */
export function processesOf(folder: string): number[] {
  const { alive, starting } = filesIn(folder);
  const pids = [alive, starting].filter((path) => existsSync(path)).map((path) => Number(readFileSync(path)));
  return [...new Set(pids)].filter((pid) => Number.isInteger(pid) && pid > 1);
}
