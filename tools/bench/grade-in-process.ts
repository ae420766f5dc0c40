/** Prints how many milliseconds the engine takes to grade the lab of a name, in a process that has not graded before. */
import { createContext } from '../../src/cli/context.ts';
import { createOutput } from '../../src/cli/output.ts';
import { grade } from '../../src/engine/grade.ts';

const { signal } = new AbortController();
const context = createContext(createOutput({ json: true }), signal);
await using lab = await context.open(process.argv[2]);
const start = performance.now();
await grade(lab, { hintPrice: 0, signal });
console.log(performance.now() - start);
