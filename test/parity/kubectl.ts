import { execFileSync } from 'node:child_process';
import { findProgram } from '../helpers/processes.ts';

const RELEASE = '1.36';

/** The kubectl of the release that goldens were recorded with, or why there is none. */
export function findKubectl(): { readonly path: string } | { readonly missing: string } {
  for (const name of [`kubectl-${RELEASE}`, 'kubectl']) {
    const path = findProgram(name);
    if (path !== undefined && releaseOf(path) === RELEASE) return { path };
  }
  return { missing: `no kubectl ${RELEASE} is on the path` };
}

function releaseOf(path: string): string {
  const said = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const { clientVersion } = JSON.parse(said) as { clientVersion: { major: string; minor: string } };
  return `${clientVersion.major}.${Number.parseInt(clientVersion.minor)}`;
}
