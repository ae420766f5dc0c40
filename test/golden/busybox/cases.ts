import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Files of cases beside this one. */
export const AREAS = ['shell', 'text', 'files', 'processes'] as const;
export type Area = (typeof AREAS)[number];

/** A script for `sh -c`, run in a container of its own. */
export interface Case {
  readonly script: string;
  /** Without it standard input is empty. */
  readonly stdin?: string;
  /** Who runs it, if not root. */
  readonly user?: 'nobody';
}

/** What a script printed and how it ended. */
export interface Recorded extends Case {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export type Recordings = Readonly<Record<string, Readonly<Record<string, Recorded>>>>;

export const RECORDED = new URL('recorded.json', import.meta.url);

/** The cases of an area by name. In its YAML a case that is nothing but a script is a string. */
export function casesOf(area: Area): Readonly<Record<string, Case>> {
  const text = readFileSync(new URL(`${area}.yaml`, import.meta.url), 'utf8');
  const cases = parse(text) as Record<string, string | Case>;
  return Object.fromEntries(
    Object.entries(cases).map(([name, value]) => [
      name,
      typeof value === 'string' ? { script: value } : value,
    ]),
  );
}

export function recordings(): Recordings {
  return JSON.parse(readFileSync(RECORDED, 'utf8')) as Recordings;
}

/** Whether a recording is of this very case. */
export function isOf(recorded: Case | undefined, { script, stdin, user }: Case): boolean {
  return recorded?.script === script && recorded.stdin === stdin && recorded.user === user;
}
