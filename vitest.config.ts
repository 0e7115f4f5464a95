import { defineConfig } from 'vitest/config';

const json = process.env.VITEST_JSON;

export default defineConfig({
  test: {
    include: ['__tests__/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The gate counts what ran.
    reporters: json === undefined ? ['default'] : ['default', ['json', { outputFile: json }]],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.generated.*', 'src/**/*.d.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { statements: 90 },
    },
  },
});
