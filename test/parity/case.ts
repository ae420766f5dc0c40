import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { isObject } from '../../src/core/json.ts';

/** A script of commands and waits that prints the same on every cluster that behaves like Kubernetes 1.36. */
export interface Case {
  /** `<area>/<name>`: where its file is below `cases/`. */
  readonly id: string;
  /** What it shows, one line. */
  readonly title: string;
  /** It touches things outside its namespace: nothing runs beside it. */
  readonly alone: boolean;
  /** The id of a case that does the same to something healthy. */
  readonly control?: string;
  /** How many nodes its cluster has: a control plane and workers. */
  readonly nodes: number;
  /** The release of the program that it calls `kubectl`. */
  readonly kubectl: string;
  /** Other programs that it calls. */
  readonly needs: readonly string[];
  /** Written into the folder in which its commands run, by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** Commands that always run at the end and are not printed: they restore what is outside the namespace. */
  readonly finally: readonly string[];
}

export type Step = ShellStep | UntilStep | PassStep;

/** A shell command of which output and exit code are the transcript. */
export interface ShellStep {
  readonly kind: 'sh';
  readonly command: string;
  /** Ends it after so many milliseconds, which then is part of the transcript. */
  readonly timeout?: number;
  /** The order of its lines is chance. */
  readonly sort: boolean;
  /** Neither its output nor its exit code is part of the transcript. */
  readonly quiet: boolean;
}

/** A shell command that is repeated until its standard output matches. */
export interface UntilStep {
  readonly kind: 'until';
  readonly command: string;
  /** For the whole output without blanks at both ends. */
  readonly is: RegExp;
  /** Milliseconds of the cluster's time, after which the case has failed. */
  readonly within: number;
}

/** Lets time pass on the cluster. */
export interface PassStep {
  readonly kind: 'pass';
  /** Milliseconds of the cluster's time. */
  readonly time: number;
}

/** The release of kubectl where nothing is said: that of the clusters. */
const RELEASE = '1.36';

/** How long an `until` may take where nothing is said, in milliseconds. */
const PATIENCE = 120_000;

/** A case's file is not as README.md says. */
export class CaseError extends Error {
  constructor(id: string, what: string) {
    super(`${id}: ${what}`);
    this.name = 'CaseError';
  }
}

/** Every case below a folder, by id. @throws CaseError for the first file that is no case */
export function loadCases(folder: string): readonly Case[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.yaml'),
  );
  const cases = files.sort().flatMap((file) => {
    const path = join(folder, file);
    const id = relative(folder, path).slice(0, -'.yaml'.length).split(sep).join('/');
    return readCases(id, readFileSync(path, 'utf8'));
  });
  for (const { id, control } of cases) {
    if (control !== undefined && !cases.some((other) => other.id === control))
      throw new CaseError(id, `control: there is no case ${control}`);
  }
  return cases;
}

/**
 * Reads the text of a case's file: one case, or one for each release of kubectl that it names, with the release at the
 * end of its id.
 * @throws CaseError
 */
export function readCases(id: string, text: string): readonly Case[] {
  if (!/^[a-z0-9-]+\/[a-z0-9-]+$/.test(id)) throw new CaseError(id, 'a case is <area>/<name>.yaml');
  const read = new Reader(id, parsed(id, text));
  read.only('title', 'alone', 'control', 'nodes', 'kubectl', 'needs', 'files', 'steps', 'finally');
  const control = read.optional('control', 'string');
  const files = read.optional('files', 'object') ?? {};
  for (const [name, content] of Object.entries(files)) {
    if (typeof content !== 'string') throw new CaseError(id, `files: ${name} is no text`);
  }
  const steps = read.list('steps').map((step, index) => readStep(id, index + 1, step));
  if (steps.length === 0) throw new CaseError(id, 'it has no steps');
  const releases = read.texts('kubectl');
  const one = {
    title: read.required('title', 'string'),
    alone: read.optional('alone', 'boolean') ?? false,
    ...(control === undefined ? {} : { control }),
    nodes: read.optional('nodes', 'number') ?? 2,
    needs: read.texts('needs'),
    files: files as Record<string, string>,
    steps,
    finally: read.texts('finally'),
  };
  if (releases.length === 0) return [{ id, kubectl: RELEASE, ...one }];
  return releases.map((kubectl) => ({ id: `${id}-${kubectl.replace('.', '-')}`, kubectl, ...one }));
}

function parsed(id: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new CaseError(id, error instanceof Error ? error.message : String(error));
  }
}

function readStep(id: string, number: number, step: unknown): Step {
  const where = `${id}, step ${number}`;
  if (typeof step === 'string') return { kind: 'sh', command: step, sort: false, quiet: false };
  const read = new Reader(where, step);
  if (read.has('until')) {
    read.only('until', 'is', 'within');
    return {
      kind: 'until',
      command: read.required('until', 'string'),
      is: pattern(where, read.text('is')),
      within: read.duration('within') ?? PATIENCE,
    };
  }
  if (read.has('pass')) {
    read.only('pass');
    return { kind: 'pass', time: read.duration('pass') ?? 0 };
  }
  read.only('sh', 'timeout', 'sort', 'quiet');
  const timeout = read.duration('timeout');
  return {
    kind: 'sh',
    command: read.required('sh', 'string'),
    ...(timeout === undefined ? {} : { timeout }),
    sort: read.optional('sort', 'boolean') ?? false,
    quiet: read.optional('quiet', 'boolean') ?? false,
  };
}

/** As a whole: `Running` does not match `Not Running`. */
function pattern(where: string, text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, 's');
  } catch {
    throw new CaseError(where, `is: ${text} is no regular expression`);
  }
}

interface Kinds {
  string: string;
  boolean: boolean;
  number: number;
  object: Record<string, unknown>;
}

/** The fields of a mapping, each of the kind that is asked for. */
class Reader {
  readonly #where: string;
  readonly #fields: Record<string, unknown>;

  constructor(where: string, value: unknown) {
    if (!isObject(value)) throw new CaseError(where, 'a mapping is expected');
    this.#where = where;
    this.#fields = value;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  only(...names: readonly string[]): void {
    const strange = Object.keys(this.#fields).find((name) => !names.includes(name));
    if (strange !== undefined)
      throw new CaseError(this.#where, `${strange} is not known here; known are ${names.join(', ')}`);
  }

  optional<K extends keyof Kinds>(name: string, kind: K): Kinds[K] | undefined {
    const value = this.#fields[name];
    if (value === undefined) return undefined;
    if (kind === 'object' ? !isObject(value) : typeof value !== kind)
      throw new CaseError(this.#where, `${name}: a ${kind} is expected`);
    return value as Kinds[K];
  }

  required<K extends keyof Kinds>(name: string, kind: K): Kinds[K] {
    const value = this.optional(name, kind);
    if (value === undefined) throw new CaseError(this.#where, `${name} is missing`);
    return value;
  }

  /** A text, or what YAML makes of a text that looks like a number or a truth. */
  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return this.required(name, 'string');
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name] ?? [];
    if (!Array.isArray(value)) throw new CaseError(this.#where, `${name}: a list is expected`);
    return value;
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((text) => {
      if (typeof text !== 'string') throw new CaseError(this.#where, `${name}: a list of texts`);
      return text;
    });
  }

  /** Milliseconds: `500ms`, `20s`, `5m`. */
  duration(name: string): number | undefined {
    const text = this.optional(name, 'string');
    if (text === undefined) return undefined;
    const [, count, unit] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
    if (count === undefined)
      throw new CaseError(this.#where, `${name}: ${text} is no duration (20s, 500ms, 5m)`);
    return Number(count) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
  }
}
