import { Random } from '../core/random.ts';

/** Draws one value of a variant from a stream of its own. */
export interface Variant<T> {
  draw(random: Random): T;
  /** What can come out, in words. */
  readonly describe: string;
}

/** What differs from seed to seed, by name. */
export type Variants = Readonly<Record<string, Variant<unknown>>>;
/** What a seed has drawn. */
export type Values<V extends Variants> = {
  readonly [K in keyof V]: V[K] extends Variant<infer T> ? T : never;
};

/** One of these. */
export function oneOf<const T>(...choices: readonly T[]): Variant<T> {
  return { draw: (random) => random.pick(choices), describe: `one of ${choices.map(String).join(', ')}` };
}

/** A whole number between two, both included. */
export function between(low: number, high: number): Variant<number> {
  return { draw: (random) => random.between(low, high), describe: `${low} to ${high}` };
}

/** A TCP port that nothing of the shop uses. */
export function port(): Variant<number> {
  return between(8100, 9899);
}

/** The values of a seed. Each variant draws from its own stream: adding one does not change the others. */
export function drawValues<V extends Variants>(
  scenario: { id: string; variants: V },
  seed: number,
): Values<V> {
  const values: Record<string, unknown> = {};
  for (const [name, variant] of Object.entries(scenario.variants)) {
    values[name] = variant.draw(new Random(`${scenario.id}/${seed}/${name}`));
  }
  return values as Values<V>;
}
