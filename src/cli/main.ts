import * as modules from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// By its name in the module, which an older Node does not have: that would end here, before anybody could say why.
if ('enableCompileCache' in modules) {
  // Before anything of ours is loaded: compiled code is kept where only its owner can write.
  modules.enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'breakfix'));
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(
    `error Node ${process.version} is too old for breakfix\nfix: install Node 24 (22.19 at least)`,
  );
  process.exitCode = (await import('./exit-codes.ts')).exitCodes.environment;
}
