import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../src/report/journal.ts';

/** What a row of the table is made from. */
export interface Row {
  readonly what: string;
  /** `s`: milliseconds were measured and seconds are printed, next to what `node -e 0` takes. */
  readonly unit: 's' | 'MB';
  readonly values: readonly number[];
  readonly goal?: string;
}

/** Wall milliseconds of a Node process. @throws where it ends with another code than expected */
export function timed(args: readonly string[], env: NodeJS.ProcessEnv = process.env, expected = 0): number {
  const start = performance.now();
  run(args, env, expected);
  return performance.now() - start;
}

/** @returns what it printed @throws where it ends with another code than expected */
export function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env, expected = 0): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status === expected) return stdout;
  throw new Error(`${args.join(' ')} ended with ${status ?? 'a signal'}: ${stdout}${stderr}`);
}

/** Somebody with labs and clusters of their own; disposing stops them. */
export class Bench implements Disposable {
  readonly #state = mkdtempSync(join(tmpdir(), 'breakfix-bench-'));
  readonly env = { ...process.env, XDG_STATE_HOME: this.#state };

  /** Runs the built command line. @returns wall milliseconds of the process */
  breakfix(...args: string[]): number {
    return timed(['dist/breakfix.js', ...args], this.env);
  }

  /** Grades the only lab, which must give that verdict. @returns wall milliseconds of the process */
  grade(verdict: 'pass' | 'fail'): number {
    return timed(['dist/breakfix.js', 'grade'], this.env, verdict === 'pass' ? 0 : 1);
  }

  /** Resident megabytes of the process of every embedded lab, or of every embedded cluster that is no lab. */
  residentMegabytes(of: 'labs' | 'clusters' = 'labs'): number[] {
    return this.#folders(of).map((folder) => {
      const pid = readFileSync(join(folder, 'alive'), 'utf8').trim();
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
    });
  }

  /** Where the kubeconfig of a cluster that is no lab is. */
  kubeconfig(cluster: string): string {
    return join(this.#state, 'breakfix', 'clusters', cluster, 'kubeconfig');
  }

  /** Milliseconds that the only lab's start took once there was a cluster: shop, fault and symptom, from its journal. */
  afterCluster(): number {
    const [lab = ''] = this.#folders('labs');
    const entries = new Journal(join(lab, 'journal.jsonl')).read();
    const phases = entries.filter((entry) => entry.type === 'phase');
    return phases.filter(({ phase }) => phase !== 'cluster').reduce((sum, { tookMs }) => sum + tookMs, 0);
  }

  [Symbol.dispose](): void {
    this.breakfix('stop', '--all');
    this.breakfix('cluster', 'stop', '--all');
    rmSync(this.#state, { recursive: true, force: true });
  }

  #folders(of: 'labs' | 'clusters'): string[] {
    const folder = join(this.#state, 'breakfix', of);
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

/** @param base milliseconds of `node -e 0` */
export function table(rows: readonly Row[], base: number): string {
  const lines = rows.map(({ what, unit, values, goal = '' }) => {
    const write = (value: number): string =>
      unit === 'MB' ? `${value.toFixed(0)} MB` : `${(value / 1000).toFixed(2)} s`;
    const ratio = unit === 'MB' ? '' : `${(median(values) / base).toFixed(1)} ×`;
    const range = `${write(Math.min(...values))} – ${write(Math.max(...values))}`;
    return `| ${what} | ${write(median(values))} | ${range} | ${ratio} | ${goal} | ${values.length} |`;
  });
  return [
    '| what | median | range | to `node -e 0` | goal | runs |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** On what and under which load: without this the figures mean nothing. */
export function machine(loadBefore: readonly number[]): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const load = (averages: readonly number[]): string => averages.map((one) => one.toFixed(1)).join(', ');
  return (
    `${availableParallelism()} cores (${model}), Node ${process.version}; ` +
    `load averages over 1, 5 and 15 min: ${load(loadBefore)} before, ${load(loadavg())} after.`
  );
}
