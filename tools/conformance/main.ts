/**
 * Runs the official conformance suite of Kubernetes 1.36 against embedded clusters:
 *
 *   npm run conformance -- [--focus REGEXP] [--skip REGEXP] [--parts N] [--failed] [--write]
 *
 * `--suite PATH` (or BREAKFIX_CONFORMANCE_SUITE) is the test program `e2e.test`, `--kubectl PATH` (or
 * BREAKFIX_CONFORMANCE_KUBECTL) a kubectl of the same minor. Without the program nothing is run, and why is said.
 * Results are kept in reports/conformance/ from one run to the next; `--failed` runs what does not pass there, and
 * `--write` makes docs/conformance.md from them.
 */
import { conformance } from './conformance.ts';

process.exitCode = await conformance(process.argv.slice(2));
