import fc from 'fast-check';

/**
 * fast-check with one seed for all runs, so that a test that turns red was broken by a change and not by chance. A failing property prints
 * its seed. PROPERTY_SEED=12345 takes another one, PROPERTY_SEED=fresh a new one in each run, as `npm run soak -- properties` does.
 */
const seed = process.env.PROPERTY_SEED ?? '20261128';
fc.configureGlobal(seed === 'fresh' ? {} : { seed: Number(seed) });

const factor = Number(process.env.PROPERTY_RUNS ?? 1);

/** How often a property is tried: so often, or as many times more as PROPERTY_RUNS says. */
export function times(usual: number): { readonly numRuns: number } {
  return { numRuns: Math.ceil(usual * factor) };
}

export { fc };
