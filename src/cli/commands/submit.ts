import { writeFileSync } from 'node:fs';
import { BreakfixError, messageOf } from '../../core/errors.ts';
import { makeSubmission } from '../../engine/submission.ts';
import type { CommandContext } from '../context.ts';

/** `breakfix submit FILE`: what was done to the API, as one small file that `grade --replay` marks. */
export async function submit(context: CommandContext, file: string, name: string | undefined): Promise<void> {
  await using lab = await context.open(name);
  const submission = await makeSubmission(lab, context.version);
  const text = `${JSON.stringify(submission)}\n`;
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new BreakfixError({
      code: 'SUBMISSION_UNWRITABLE',
      kind: 'environment',
      message: `${file} cannot be written: ${messageOf(cause)}`,
      fix: 'give a path in a folder that exists and that you may write to',
      cause,
    });
  }
  const { incident, seed, sha256 } = submission;
  const bytes = Buffer.byteLength(text);
  context.output.result(
    { file, lab: lab.name, incident, seed, bytes, sha256 },
    `wrote ${file} (${Math.ceil(bytes / 1024)} KiB); breakfix grade --replay ${file} marks it`,
  );
}
