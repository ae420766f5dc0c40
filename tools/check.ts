/**
 * `npm run check`: all that a commit must pass, as many at a time as there are cores. Says what failed, with its output;
 * of what passed only the time.
 */
import { availableParallelism } from 'node:os';
import { execa } from 'execa';

/** Of those beside each other the longest first. */
const STEPS = ['check:lint', 'check:types', 'check:imports', 'check:format', 'check:dead', 'check:reference'];

const failed: string[] = [];

async function run(step: string): Promise<void> {
  const { all, exitCode, durationMs } = await execa('npm', ['run', '--silent', step], {
    all: true,
    reject: false,
  });
  const time = `${(durationMs / 1000).toFixed(0)} s`;
  if (exitCode === 0) console.log(`✓ ${step} ${time}`);
  else {
    failed.push(step);
    console.log(`✗ ${step} ${time}\n${all}`);
  }
}

const cores = availableParallelism();
const waiting = [...STEPS];

async function work(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await run(step);
}

// Tests take all cores themselves (jest.config.js).
await run('test:unit');
await Promise.all(Array.from({ length: cores }, work));
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
