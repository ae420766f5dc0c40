import type { Reader } from './reader.ts';
import { jsonBodies, yamlBodies } from './readers/bodies.ts';
import { durations } from './readers/durations.ts';
import { bearerTokens, corefiles, podBytes, references } from './readers/network.ts';
import { liveObjects, objects } from './readers/objects.ts';
import { applies, jsonPatches, mergePatches, strategicPatches } from './readers/patches.ts';
import { protobuf } from './readers/protobuf.ts';
import { quantities } from './readers/quantities.ts';
import { requests } from './readers/requests.ts';
import { schedules } from './readers/schedules.ts';
import { shellRuns, shellScripts, terminals } from './readers/shell.ts';
import { fieldSelectors, labelSelectors } from './readers/selectors.ts';
import { http, spdySessions, webSockets } from './readers/wire.ts';

/** All that reads bytes from outside. */
export const readers: readonly Reader[] = [
  http,
  webSockets,
  spdySessions,
  requests,
  objects,
  liveObjects,
  jsonBodies,
  yamlBodies,
  protobuf,
  jsonPatches,
  mergePatches,
  strategicPatches,
  applies,
  quantities,
  labelSelectors,
  fieldSelectors,
  durations,
  schedules,
  bearerTokens,
  corefiles,
  references,
  podBytes,
  shellScripts,
  shellRuns,
  terminals,
];
