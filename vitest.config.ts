import { defineConfig } from 'vitest/config';

const json = process.env.VITEST_JSON;

/** Tests that measure time. They run last, and one at a time. */
const bars = ['__tests__/**/bars.test.ts', '__tests__/e2e/floor.test.ts'];

/**
 * Tests that run the device's installer hundreds of times. `npm run test:thorough` runs them, and so does the gate. `npm test` leaves them
 * out, because it has to stay under five minutes.
 */
const thorough = ['__tests__/**/*.thorough.test.ts'];
const isThorough = process.env.THOROUGH !== undefined;

const limits = { testTimeout: 120_000, hookTimeout: 120_000 };

/** No module has state, so files can share a process. To load everything anew for each file takes a third of the time. */
const shared = {
  ...limits,
  isolate: false,
  setupFiles: ['__tests__/support/after-file.ts'],
  maxWorkers: '100%',
  sequence: { groupOrder: 0 },
};

const tests = { ...shared, name: 'tests', include: ['__tests__/**/*.test.ts'], exclude: [...bars, ...thorough] };
const measured = { ...limits, name: 'bars', include: bars, maxWorkers: 1, sequence: { groupOrder: 1 } };
// These files differ in length by a factor of a hundred. Files that share a process are dealt out before the first one runs.
const installer = { ...shared, isolate: true, name: 'thorough', include: thorough };

export default defineConfig({
  test: {
    projects: (isThorough ? [installer] : [tests, measured]).map((test) => ({ extends: true, test })),
    // The gate counts tests.
    reporters: json === undefined ? ['default'] : ['default', ['json', { outputFile: json }]],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // The browser runs the script of report.html.
      exclude: ['src/**/*.generated.*', 'src/**/*.d.ts', 'src/report/html/client/**'],
      reporter: ['text', 'json-summary'],
      thresholds: { statements: 90 },
    },
  },
});
