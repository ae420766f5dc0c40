import { setFlagsFromString } from 'node:v8';

/**
 * From now on an expression that has gone back 50,000 times in one match is given to V8's other engine, which finds the
 * same in a time that grows with the text only. Without it `grep -E '(a|a)*b'` of one line could stop the whole lab: an
 * expression cannot be interrupted, and it comes from whoever writes a script, a Corefile or a custom resource's schema.
 * The other engine knows no back-references, no look-around and not the flags `i`, `u` and `v`; those go on as before.
 * https://v8.dev/blog/non-backtracking-regexp
 */
export function boundBacktracking(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
