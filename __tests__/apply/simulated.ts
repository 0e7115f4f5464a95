import { expect, onTestFinished } from 'vitest';
import type { HubOptions } from '../../src/emulator/hub.ts';
import { openSimulation, type Simulation } from '../support/simulation.ts';

/** A simulation for one test. It checks that every change has an outcome. */
export async function simulation(options: HubOptions): Promise<Simulation> {
  const opened = await openSimulation(options);
  onTestFinished(opened.close);
  return {
    ...opened,
    async apply(changes, capacity) {
      const applied = await opened.apply(changes, capacity);
      expect(applied.outcomes).toHaveLength(changes.filter(({ kind }) => kind !== 'unchanged').length);
      return applied;
    },
  };
}
