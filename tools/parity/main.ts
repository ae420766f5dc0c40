/**
 * Runs scenarios on a real cluster and on the embedded one and compares what they show at hand-over:
 *
 *   npm run parity:scenarios -- [ID …] [--seed N] [--recorded]
 *
 * `--recorded` takes the real cluster's side from the last run (reports/parity/). Ends with 1 where something differs
 * that docs/fidelity.md does not list.
 */
import '../breakfix-sources.ts';

// Not before: its scenarios import `breakfix`.
const { parity } = await import('./parity.ts');
process.exitCode = await parity(process.argv.slice(2));
