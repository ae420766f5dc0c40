import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A running embedded cluster in a process of its own; it ends when this is disposed. */
export interface RunningCluster extends AsyncDisposable {
  /** The path of a kubeconfig. */
  readonly kubeconfig: string;
}

/**
 * Starts a bare embedded cluster that follows the wall's clock.
 * @param folder where its kubeconfig and what it complains of go
 * @param workers beside the control plane
 */
export async function startCluster(folder: string, workers: number): Promise<RunningCluster> {
  const kubeconfig = join(folder, 'kubeconfig');
  const program = fileURLToPath(new URL('./serve.ts', import.meta.url));
  const child = spawn(process.execPath, [program, kubeconfig, String(workers)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stderr.pipe(createWriteStream(join(folder, 'cluster.log')));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit');
  const ready = once(lines, 'line');
  await Promise.race([ready, ended]);
  if (child.exitCode !== null) {
    throw new Error(`the cluster did not start: ${readFileSync(join(folder, 'cluster.log'), 'utf8')}`);
  }
  return {
    kubeconfig,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
