import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** The programs that a run needs. */
export interface Suite {
  /** `e2e.test` of Kubernetes. */
  readonly program: string;
  readonly kubectl: string;
}

const run = promisify(execFile);

/** Where the programs are, or why nothing can be run. */
export function findSuite(
  program: string | undefined,
  kubectl: string | undefined,
): Suite | { reason: string } {
  const suite = program ?? process.env['BREAKFIX_CONFORMANCE_SUITE'] ?? onPath('e2e.test');
  if (suite === undefined || !existsSync(suite)) {
    return {
      reason:
        'the test program of Kubernetes (e2e.test) is not here; name it with --suite or BREAKFIX_CONFORMANCE_SUITE',
    };
  }
  const client =
    kubectl ?? process.env['BREAKFIX_CONFORMANCE_KUBECTL'] ?? onPath('kubectl-1.36') ?? onPath('kubectl');
  if (client === undefined) return { reason: 'there is no kubectl; name one with --kubectl' };
  return { program: suite, kubectl: client };
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
}

/** The names of all conformance tests, as the suite itself selects them, in the order of the alphabet. */
export async function listTests({ program }: Suite): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    const file = join(folder, 'report.json');
    const options = ['--provider=skeleton', '--ginkgo.dry-run', String.raw`--ginkgo.focus=\[Conformance\]`];
    await run(program, [...options, `--ginkgo.json-report=${file}`], { maxBuffer: 1 << 26, cwd: folder });
    const suites = JSON.parse(readFileSync(file, 'utf8')) as { SpecReports: SpecReport[] }[];
    return suites
      .flatMap(({ SpecReports }) => SpecReports)
      .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State === 'passed')
      .map(({ ContainerHierarchyTexts, LeafNodeText }) =>
        [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' '),
      )
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
