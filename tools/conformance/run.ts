import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { startCluster } from './cluster.ts';
import { readJunit } from './junit.ts';
import type { Results } from './results.ts';
import type { Suite } from './suite.ts';

export interface QueueOptions {
  readonly suite: Suite;
  readonly tests: readonly string[];
  /** How many clusters there are at a time. */
  readonly parts: number;
  /** How many tests one call of the suite runs. */
  readonly batch: number;
  /** Of one call, as Go writes durations; under two hours. */
  readonly timeout: string;
  /** Workers of a cluster. */
  readonly nodes: number;
  readonly folder: string;
  /** Told of the results of each call. */
  done(results: Results): void;
}

/** Runs tests on several clusters at a time: each cluster takes the next batch when it is done with one. */
export async function runQueue(options: QueueOptions): Promise<void> {
  const batches: (readonly string[])[] = [];
  for (let at = 0; at < options.tests.length; at += options.batch) {
    batches.push(options.tests.slice(at, at + options.batch));
  }
  let next = 0;
  const parts = Array.from({ length: Math.min(options.parts, batches.length) }, async () => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      await runBatch(options, batch);
    }
  });
  await Promise.all(parts);
}

/** One call of the suite on a cluster of its own. */
async function runBatch(options: QueueOptions, tests: readonly string[]): Promise<void> {
  const { suite } = options;
  mkdirSync(join(options.folder, 'runs'), { recursive: true });
  const folder = resolve(mkdtempSync(join(options.folder, 'runs', 'run-')));
  await using cluster = await startCluster(folder, options.nodes);
  const output = createWriteStream(join(folder, 'output.txt'));
  const junit = join(folder, 'junit_01.xml');
  const child = spawn(
    suite.program,
    [
      '--provider=skeleton',
      `--kubeconfig=${cluster.kubeconfig}`,
      `--kubectl-path=${suite.kubectl}`,
      `--report-dir=${folder}`,
      `--ginkgo.timeout=${options.timeout}`,
      '--ginkgo.no-color',
      '--ginkgo.silence-skips',
      `--ginkgo.focus=${tests.map(literal).join('|')}`,
    ],
    // The clients of the suite keep what they know of a server in the home of whom they run for.
    { cwd: folder, env: { ...process.env, HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  await once(child, 'close');
  output.end();
  const all = existsSync(junit) ? readJunit(readFileSync(junit, 'utf8')) : new Map<string, never>();
  const results: Results = new Map();
  for (const name of tests) {
    results.set(
      name,
      all.get(name) ?? { status: 'failed', seconds: 0, message: 'the suite ended before this test' },
    );
  }
  options.done(results);
  for (const [name, { status, seconds }] of results) {
    process.stdout.write(
      `${status === 'passed' ? 'ok    ' : 'FAILED'} ${String(seconds).padStart(4)} s  ${name}\n`,
    );
  }
}

/** A name as a pattern of Go that matches it and nothing else. */
function literal(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
