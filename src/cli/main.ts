import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Before anything of ours is loaded: compiled code is kept where only its owner can write.
enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'breakfix'));
const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2));
