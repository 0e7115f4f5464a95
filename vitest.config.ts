import { defineConfig } from 'vitest/config';

const json = process.env.VITEST_JSON;

/** Tests that measure time. They run last, and one at a time. */
const bars = ['__tests__/**/bars.test.ts', '__tests__/e2e/floor.test.ts'];

const tests = { include: ['__tests__/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        // No module has state, so files can share a process. To load everything anew for each file takes a third of the time.
        test: {
          ...tests,
          name: 'tests',
          exclude: bars,
          isolate: false,
          setupFiles: ['__tests__/support/after-file.ts'],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { ...tests, name: 'bars', include: bars, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    // The gate counts tests and coverage.
    reporters: json === undefined ? ['default'] : ['default', ['json', { outputFile: json }]],
    coverage: {
      enabled: json !== undefined,
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.generated.*', 'src/**/*.d.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { statements: 90 },
    },
  },
});
