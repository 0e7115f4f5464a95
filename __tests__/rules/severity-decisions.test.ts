import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/**
 * The files before the report that do something because of a finding's severity. If the workflow lowers a rule, the device has to go
 * on: a stage that drops it for the severity of the table would lose it without a word.
 */
const decisions: Readonly<Record<string, string>> = {
  'src/model/finding.ts': 'defines `failing`',
  'src/provision.ts': 'asks findings that have the severities of the workflow',
  'src/check.ts': 'asks whether a device is missing at the base, which no severity of the workflow brings back',
  'src/identity/identify.ts': 'asks `weighed` findings',
  'src/bundle/judge/judge.ts': 'asks `weighed` findings',
  'src/plan/plan.ts': 'asks `weighed` findings',
  'src/deployment/judge.ts': 'keeps an error of each file when there are very many findings',
  'src/manifest/from.ts': 'leaves out a second finding about the same glob, and no device',
  'src/rules/once.ts': 'shows a notice once for each file',
};

const asks = /\bfailing\(|\bseverity\b[^;\n]*[!=]==? '|\.severity [!=]==/;

it('only these files decide by severity', () => {
  const files = globSync('src/**/*.ts')
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !/^src\/(report|github|terminal)\//.test(file))
    .filter((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .some((line) => asks.test(line)),
    );
  expect(files.sort()).toEqual(Object.keys(decisions).sort());
});
