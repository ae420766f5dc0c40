import { nextHint } from '../../engine/hints.ts';
import type { CommandContext } from '../context.ts';
import { wrapLines } from '../output.ts';

/** `breakfix hint`: the next hint; its price is charged only if the lab is passed. */
export async function hint(context: CommandContext, name: string | undefined): Promise<void> {
  const { output, clock, signal } = context;
  await using lab = await context.open(name);
  const taken = await nextHint(lab, clock.now(), signal);
  if (taken === undefined) {
    output.result({ hint: null }, 'There are no more hints; breakfix giveup shows a repair.');
    return;
  }
  const { number, of, price, text } = taken;
  const head = output.colors.bold(`Hint ${number} of ${of}`);
  output.result(taken, `${head} (costs ${price} points if you pass)\n\n${wrapLines(text, output.width)}`);
}
