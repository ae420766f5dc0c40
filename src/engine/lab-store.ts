import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { BreakfixError, messageOf } from '../core/errors.ts';
import { Journal } from '../report/journal.ts';
import type { ClusterRef } from '../providers/provider.ts';

/** What is kept of a lab, in `lab.json` of its folder. It names the incident, never the scenario. */
export interface LabRecord {
  readonly format: 1;
  /** `inc-2041`, `inc-2041-2` … */
  readonly name: string;
  readonly incident: string;
  readonly seed: number;
  readonly provider: string;
  readonly createdAt: string;
  /** `starting` until it is handed over: what is left of it then is debris. `kept` is no lab but its cluster. */
  readonly state: 'starting' | 'running' | 'failed' | 'ended' | 'kept';
  readonly cluster: ClusterRef;
  /** A cluster of `breakfix verify`: nobody's to work on. */
  readonly proof?: true;
  /** Where the scenario is loaded from, for one that is not in the catalogue. */
  readonly scenarioFile?: string;
}

/** One lab's folder. */
export class LabFolder {
  readonly path: string;
  readonly journal: Journal;

  constructor(path: string) {
    this.path = path;
    this.journal = new Journal(join(path, 'journal.jsonl'));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  read(): LabRecord {
    return JSON.parse(readFileSync(this.file('lab.json'), 'utf8')) as LabRecord;
  }

  save(record: LabRecord): void {
    this.writeJson('lab.json', record);
  }

  /** Written whole or not at all. */
  writeJson(name: string, value: unknown): void {
    const temporary = this.file(`.${name}.new`);
    try {
      writeFileSync(temporary, `${JSON.stringify(value, undefined, 1)}\n`, { mode: 0o600 });
      renameSync(temporary, this.file(name));
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** @throws BreakfixError `lab` where it is gone or not JSON */
  readJson(name: string): unknown {
    try {
      return JSON.parse(readFileSync(this.file(name), 'utf8')) as unknown;
    } catch (cause) {
      throw new BreakfixError({
        code: 'LAB_FILE_UNREADABLE',
        kind: 'lab',
        message: `${this.file(name)} cannot be read: ${messageOf(cause)}`,
        fix: `breakfix reset ${basename(this.path)} starts the same incident again`,
        cause,
      });
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A lab's folder with what its record says. */
export interface StoredLab {
  readonly name: string;
  readonly folder: LabFolder;
  readonly record: LabRecord;
}

/** The folder that remembers a kept cluster. */
const KEPT = 'kept';

/** The labs of this user: a folder each under the XDG state directory. */
export class LabStore {
  readonly root: string;

  constructor(root: string = stateFolder('labs')) {
    this.root = root;
  }

  /** Makes the folder of a new lab: `inc-2041`, or with a number behind it where that is taken. */
  create(incident: string): { name: string; folder: LabFolder } {
    const base = incident.toLowerCase();
    try {
      mkdirSync(this.root, { recursive: true, mode: 0o700 });
      for (let number = 1; ; number++) {
        const name = number === 1 ? base : `${base}-${number}`;
        if (makeFolder(join(this.root, name))) return { name, folder: new LabFolder(join(this.root, name)) };
      }
    } catch (error) {
      throw unwritable(this.root, error);
    }
  }

  /** The cluster of a lab that has ended, for the next one: there is one at most. */
  kept(): StoredLab | undefined {
    return this.all().find(({ record }) => record.state === 'kept');
  }

  /** Notes that a cluster is kept. @returns false where another one is already */
  keep(record: LabRecord): boolean {
    if (!makeFolder(join(this.root, KEPT))) return false;
    new LabFolder(join(this.root, KEPT)).save({ ...record, name: KEPT, state: 'kept' });
    return true;
  }

  /**
   * Makes the folder of the kept cluster a new lab's, which nobody else can then: its record is to be saved next.
   * @returns false where somebody else was quicker
   */
  takeKept(folder: LabFolder): boolean {
    try {
      renameSync(join(this.root, KEPT), folder.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** The labs of learners, oldest first. */
  list(): StoredLab[] {
    return this.all().filter(({ record }) => record.proof !== true && record.state !== 'kept');
  }

  /** Clusters of `verify` and a kept one too; a folder without a readable record is debris of a crash and listed by `debris`. */
  all(): StoredLab[] {
    return this.#names()
      .flatMap((name) => {
        const folder = new LabFolder(join(this.root, name));
        try {
          return [{ name, folder, record: folder.read() }];
        } catch {
          return [];
        }
      })
      .sort((a, b) => (a.record.createdAt < b.record.createdAt ? -1 : 1));
  }

  /** Folders that hold no readable record. */
  debris(): LabFolder[] {
    const known = new Set(this.all().map(({ name }) => name));
    return this.#names()
      .filter((name) => !known.has(name))
      .map((name) => new LabFolder(join(this.root, name)));
  }

  #names(): string[] {
    try {
      return readdirSync(this.root).sort();
    } catch {
      return [];
    }
  }

  /** The lab of a name or incident, or the only one. @throws BreakfixError where it is unknown or ambiguous */
  find(name: string | undefined): StoredLab {
    if (name === undefined) {
      const labs = this.list();
      const [only, ...others] = labs;
      if (only === undefined) throw noLab('no lab is running', 'start one: breakfix start');
      if (others.length === 0) return only;
      throw noLab(
        `${labs.length} labs are running: ${labs.map((lab) => lab.name).join(', ')}`,
        `name one behind the command, e.g. breakfix grade ${only.name}`,
      );
    }
    const wanted = name.toLowerCase();
    const labs = this.all().filter(({ record }) => record.state !== 'kept');
    const found = labs.find((lab) => lab.name === wanted);
    if (found !== undefined) return found;
    const names = labs.map((lab) => lab.name);
    const hint = names.length === 0 ? 'no lab is running' : `did you mean ${closest(wanted, names)}?`;
    throw noLab(`there is no lab "${name}"; ${hint}`, 'breakfix status lists the labs');
  }
}

function noLab(message: string, fix: string): BreakfixError {
  return new BreakfixError({ code: 'LAB_UNKNOWN', kind: 'user', message, fix });
}

/** Makes a folder for its owner alone, which only one process can. @returns false where there is one already */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** What is said where the folder of the state takes nothing. */
export function unwritable(folder: string, cause: unknown): BreakfixError {
  return new BreakfixError({
    code: 'STATE_FOLDER_UNWRITABLE',
    kind: 'environment',
    message: `the state folder ${folder} cannot be written: ${messageOf(cause)}`,
    fix: 'free some space or mend its permissions, or set XDG_STATE_HOME to a folder that can be written',
    cause,
  });
}

/** `$XDG_STATE_HOME/breakfix/<of>`. https://specifications.freedesktop.org/basedir-spec/latest/ */
export function stateFolder(of: 'labs' | 'clusters'): string {
  const base = process.env['XDG_STATE_HOME'];
  const state = base !== undefined && base !== '' ? base : join(homedir(), '.local', 'state');
  return join(state, 'breakfix', of);
}
