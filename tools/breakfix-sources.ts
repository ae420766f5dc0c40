/** Imported first (`node --import`): `breakfix`, as scenarios import it, is this very instance of the sources, not the built package. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'breakfix'
      ? { url: new URL('../src/index.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
