import { readLog } from '../../src/cluster/host/input-log.ts';
import type { EmbeddedHeader } from '../../src/providers/embedded/spec.ts';
import { replay } from './in-process.ts';

/** Replays a log in a process of its own and prints the fingerprint. */
const { header, records } = readLog(process.argv[2] ?? '');
process.stdout.write(JSON.stringify(await replay(header as EmbeddedHeader, records)));
