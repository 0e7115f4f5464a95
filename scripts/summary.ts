import { existsSync, readFileSync } from 'node:fs';

/**
 * Reads Vitest's JSON report and says how many tests passed, failed and were skipped. A skipped test fails the gate, but for
 * those that need the reference material beside the project, where a clone has none: their names say so.
 */
interface Result {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const { testResults }: Result = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const named = (status: (text: string) => boolean) =>
  tests.filter((test) => status(test.status)).map((test) => test.fullName);
const passed = named((status) => status === 'passed');
const failed = named((status) => status === 'failed');
const skipped = named((status) => status !== 'passed' && status !== 'failed');

const reference = '../shared/reference';
const excused = existsSync(reference) ? [] : skipped.filter((name) => name.includes(reference));
const refused = skipped.filter((name) => !excused.includes(name));
for (const name of excused) console.log(`skipped, there is no ${reference}: ${name}`);
for (const name of refused) console.error(`skipped, install what it needs: ${name}`);
for (const name of failed) console.error(`failed: ${name}`);
const counts = [
  `${passed.length} passed`,
  `${failed.length} failed`,
  ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
];
console.log(counts.join(', '));
process.exitCode = passed.length > 0 && failed.length + refused.length === 0 ? 0 : 1;
