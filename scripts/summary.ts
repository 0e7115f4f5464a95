import { readFileSync } from 'node:fs';
import { isLacking, isRight, toolsIn } from '../__tests__/support/tools.ts';

/**
 * Reads Vitest's JSON reports and says how many tests passed, failed and did not run. A test may be skipped only for lack of a tool: its
 * name says which it needs, and __tests__/support/tools.ts has a row for it. With REQUIRE_TOOLS=1 each lack is an error, but for rights,
 * which nobody can install: the workflow runs the tests that need root in a step of their own.
 */
interface Result {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const testResults = process.argv.slice(2).flatMap((file): Result['testResults'] => {
  const { testResults }: Result = JSON.parse(readFileSync(file, 'utf8'));
  return testResults;
});
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const named = (status: (text: string) => boolean) =>
  tests.filter((test) => status(test.status)).map((test) => test.fullName);
const passed = named((status) => status === 'passed');
// A file that cannot be loaded has no tests.
const broken = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
const failed = [...named((status) => status === 'failed'), ...broken.map(({ name }) => name)];
const skipped = named((status) => status !== 'passed' && status !== 'failed');

const required = (process.env.REQUIRE_TOOLS ?? '') !== '';
const lackOf = (name: string) => toolsIn(name).filter(isLacking).join(' and ');
const excused = skipped.filter((name) => {
  const lacks = toolsIn(name).filter(isLacking);
  return required ? lacks.some(isRight) : lacks.length > 0;
});
const refused = skipped.filter((name) => !excused.includes(name));
for (const name of excused) console.log(`did not run for lack of ${lackOf(name)}: ${name}`);
for (const name of refused) {
  const lack = lackOf(name);
  console.error(
    lack === ''
      ? `skipped, though this machine lacks nothing that it needs: ${name}`
      : `skipped for lack of ${lack}, which REQUIRE_TOOLS demands: ${name}`,
  );
}
for (const name of failed) console.error(`failed: ${name}`);
const counts = [
  `${passed.length} passed`,
  `${failed.length} failed`,
  ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
];
console.log(counts.join(', '));
process.exitCode = passed.length > 0 && failed.length + refused.length === 0 ? 0 : 1;
