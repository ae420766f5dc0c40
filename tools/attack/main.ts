/**
 * Attacks the graders: random sequences of plausible edits on broken labs, and an oracle that knows nothing of checks
 * and asks the lab directly. Prints every sequence on which the two disagree:
 *
 *   npm run attack -- [ID …] [--sequences N] [--seed N] [--processes N]
 *   npm run attack -- --replay 'ID SEED EDITS'
 *
 * Ends with 1 where they disagree, or where fewer than 5 % of the sequences passed or failed.
 */
import '../breakfix-sources.ts';

// Not before: scenarios import `breakfix`.
const { attack } = await import('./attack.ts');
process.exitCode = await attack(process.argv.slice(2));
