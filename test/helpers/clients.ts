import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { findProgram } from './processes.ts';

/**
 * A client that not every machine has: on the path, beside the kubectl that is there (some installations keep several
 * releases, `kubectl.1.33`), or where `npm run test:clients` puts it.
 */
export function findClient(name: string): string | undefined {
  const onPath = findProgram(name);
  if (onPath !== undefined) return onPath;
  const kubectl = findProgram('kubectl');
  const folders = [
    ...(kubectl === undefined ? [] : [dirname(realpathSync(kubectl))]),
    join(packageRoot, 'node_modules', '.cache', 'test-clients'),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
