import { execFileSync } from 'node:child_process';
import { findClient } from '../helpers/clients.ts';
import type { Case } from './case.ts';

/** The programs that a case calls, by name. */
export type Programs = Readonly<Record<string, string>>;

/** Where the programs of a case are on this machine, or what is not there. */
export function programsOf({ kubectl, needs }: Case): Programs | { readonly missing: string } {
  const found: Record<string, string> = {};
  const path = findKubectl(kubectl);
  if (path === undefined) return { missing: `no kubectl ${kubectl} is on the path` };
  found['kubectl'] = path;
  for (const name of needs) {
    const other = findClient(name);
    if (other === undefined) return { missing: `${name} is not there: npm run test:clients` };
    found[name] = other;
  }
  return found;
}

export const isMissing = (
  programs: Programs | { readonly missing: string },
): programs is { readonly missing: string } => 'missing' in programs;

function findKubectl(release: string): string | undefined {
  return [`kubectl-${release}`, `kubectl.${release}`, 'kubectl']
    .map(findClient)
    .find((path) => path !== undefined && releaseOf(path) === release);
}

const releases = new Map<string, string>();

function releaseOf(path: string): string {
  let release = releases.get(path);
  if (release === undefined) {
    const said = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
    const { clientVersion } = JSON.parse(said) as { clientVersion: { major: string; minor: string } };
    release = `${clientVersion.major}.${Number.parseInt(clientVersion.minor)}`;
    releases.set(path, release);
  }
  return release;
}
