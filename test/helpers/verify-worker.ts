import { BreakfixError } from '../../src/core/errors.ts';
import { serveProofs } from '../../src/cli/verify/workers.ts';

/** A worker of `verify` for tests of those who feed it: what it does is the name of its proof's scenario. */
await serveProofs(({ scenario, seed }, row) => {
  const result = { scenario, seed, case: 'c', expected: 'e', seen: 's', ok: true, tookMs: 1 };
  switch (scenario) {
    case 'is refused':
      throw new BreakfixError({
        code: 'LAB_NOT_READY',
        kind: 'lab',
        message: 'no lab',
        fix: 'start it again',
      });
    case 'throws':
      throw new TypeError('odd');
    case 'dies':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    case 'never ends':
      row(result);
      setInterval(() => {}, 1000);
      return new Promise(() => {});
    default:
      row(result);
      row({ ...result, case: 'd' });
      return Promise.resolve();
  }
});
