import { boundBacktracking } from '../../src/cluster/runtime/backtracking.ts';
import { BusyboxLab } from '../../test/unit/images/support.ts';
import { ENDING, ENDLESS } from './scripts.ts';

/** Virtual seconds of each script, and milliseconds of the host's CPU that it may take. */
const SECONDS = 5;
const BUDGET = 10_000;

/**
 * Runs hostile scripts in a container and prints what they cost the host: the longest step between two events of the
 * simulation, for which everybody else would have to wait, and all CPU beside the virtual time that it was had in. More
 * than a second a second of that means that the clock of a lab falls behind. CPU time says the same on a busy machine.
 */
async function main(only: RegExp): Promise<void> {
  boundBacktracking();
  process.stdout.write('longest step   CPU   virtual  resident  script\n');
  for (const script of [...ENDLESS, ...ENDING.map(([text]) => text)].filter((text) => only.test(text))) {
    const { longest, used, virtual } = await measure(script);
    const resident = process.memoryUsage.rss() / 1024 / 1024;
    const cells = [`${longest.toFixed(0)} ms`, `${used.toFixed(0)} ms`, `${virtual.toFixed(0)} ms`];
    const row = cells.map((cell) => cell.padStart(9)).join('');
    process.stdout.write(`${row}${resident.toFixed(0).padStart(6)} MB  ${JSON.stringify(script)}\n`);
  }
}

async function measure(script: string): Promise<{ longest: number; used: number; virtual: number }> {
  const lab = new BusyboxLab();
  const { simulation } = lab;
  const begun = simulation.now;
  let isOver = false;
  const output = { stdout: () => {}, stderr: () => {}, exit: () => (isOver = true) };
  lab.container.exec(['sh', '-c', script], { stdin: false, tty: false }, output);
  const start = cpu();
  let last = start;
  let longest = 0;
  const goesOn = (): boolean => {
    const now = cpu();
    longest = Math.max(longest, now - last);
    last = now;
    return !isOver && now - start < BUDGET;
  };
  await simulation.advanceWhile(goesOn, begun + SECONDS * 1_000_000);
  const result = { longest, used: cpu() - start, virtual: (simulation.now - begun) / 1000 };
  lab.container.remove();
  return result;
}

/** Milliseconds. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

await main(new RegExp(process.argv[2] ?? ''));
