import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mergedJunit } from './junit.ts';
import { conformancePage } from './page.ts';
import { readResults, type Results, writeResults } from './results.ts';
import { runQueue } from './run.ts';
import { findSuite, listTests } from './suite.ts';

const FOLDER = 'reports/conformance';
const PAGE = 'docs/conformance.md';

/** @returns the exit code: 0 also where there is no suite to run */
export async function conformance(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      suite: { type: 'string' },
      kubectl: { type: 'string' },
      focus: { type: 'string', default: '' },
      skip: { type: 'string' },
      parts: { type: 'string', default: '2' },
      batch: { type: 'string', default: '12' },
      timeout: { type: 'string', default: '110m' },
      nodes: { type: 'string', default: '2' },
      folder: { type: 'string', default: FOLDER },
      failed: { type: 'boolean', default: false },
      missing: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const suite = findSuite(values.suite, values.kubectl);
  if ('reason' in suite) {
    process.stdout.write(`skipped: ${suite.reason}\n`);
    return 0;
  }
  mkdirSync(values.folder, { recursive: true });
  const known = readResults(values.folder);
  const all = await listTests(suite);
  const focus = new RegExp(values.focus, 'u');
  const skip = values.skip === undefined ? undefined : new RegExp(values.skip, 'u');
  const chosen = all.filter((name) => {
    const before = known.get(name)?.status;
    if (values.failed && before === 'passed') return false;
    if (values.missing && before !== undefined) return false;
    return focus.test(name) && skip?.test(name) !== true;
  });
  if (values.list) {
    process.stdout.write(chosen.map((name) => `${known.get(name)?.status ?? 'not run'}\t${name}\n`).join(''));
    return 0;
  }
  if (!values.write || values.failed || values.missing || values.focus !== '') {
    await runQueue({
      suite,
      tests: chosen,
      parts: Number(values.parts),
      batch: Number(values.batch),
      timeout: values.timeout,
      nodes: Number(values.nodes),
      folder: values.folder,
      done: (results) => {
        // Others may have written meanwhile: the file is read again, and what is new put on top.
        const merged: Results = new Map([...readResults(values.folder), ...results]);
        writeResults(values.folder, merged);
      },
    });
  }
  const results = readResults(values.folder);
  writeFileSync(join(values.folder, 'junit.xml'), mergedJunit(all, results));
  if (values.write) writeFileSync(PAGE, conformancePage(all, results));
  const passed = chosen.filter((name) => results.get(name)?.status === 'passed').length;
  process.stdout.write(`${passed} of ${chosen.length} passed\n`);
  return passed === chosen.length ? 0 : 1;
}
