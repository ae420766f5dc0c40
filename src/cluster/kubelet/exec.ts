import type { Simulation, Micros } from '../simulation/simulation.ts';
import { wait } from './task.ts';
import type { Step } from './task.ts';
import type { ContainerInstance } from './types.ts';

/** How a command that the kubelet ran in a container ended. */
export type ExecResult =
  | { readonly code: number; readonly output: string }
  /** The runtime could not start it; its words. */
  | { readonly error: string }
  | { readonly timedOut: true };

/** What the kubelet keeps of a command's output. */
const MAX_OUTPUT = 10 * 1024;

/** Runs a command in a container and collects its output, standard error included. */
export function* execIn(
  simulation: Simulation,
  instance: ContainerInstance,
  command: readonly string[],
  { timeout, owner }: { timeout: Micros | undefined; owner: string },
): Step<ExecResult> {
  return yield* wait<ExecResult>((done) => {
    let output = '';
    const decoder = new TextDecoder();
    const collect = (bytes: Uint8Array): void => {
      if (output.length < MAX_OUTPUT) output += decoder.decode(bytes, { stream: true });
    };
    let close = (): void => {};
    const timer =
      timeout === undefined
        ? undefined
        : simulation.after(timeout, owner, () => {
            close();
            done({ timedOut: true });
          });
    const input = instance.runtime.exec(
      command,
      { stdin: false, tty: false },
      {
        stdout: collect,
        stderr: collect,
        exit: (result) => {
          timer?.cancel();
          done('code' in result ? { code: result.code, output: output.slice(0, MAX_OUTPUT) } : result);
        },
      },
    );
    close = () => input.close();
    return () => {
      timer?.cancel();
      close();
    };
  });
}
