import { expect, it } from 'vitest';
import { bundleFaults } from '../../src/bundle/faults.ts';
import { emulatorFaults } from '../../src/emulator/faults.ts';
import { githubFaults } from '../../src/github/faults.ts';
import { gitFaults } from '../../src/github/git/faults.ts';
import { callFaults } from '../../src/hub/calls/faults.ts';
import { entraFaults } from '../../src/hub/entra/faults.ts';
import { hubFaults } from '../../src/hub/faults.ts';
import { importFaults } from '../../src/hub/import/faults.ts';
import { identityFaults } from '../../src/identity/faults.ts';
import type { FaultRow } from '../../src/model/fault-table.ts';
import { modelFaults } from '../../src/model/faults.ts';
import { removalFaults } from '../../src/removal/faults.ts';
import { finding, type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';
import { runFaults } from '../../src/run/faults.ts';
import { terminalFaults } from '../../src/terminal/faults.ts';
import { branches } from './branches.ts';

/** The tables of faults of all rooms. `npm run check` finds a table that is not here: nothing else imports it. */
const tables: Readonly<Record<string, object>> = {
  bundle: bundleFaults,
  emulator: emulatorFaults,
  git: gitFaults,
  github: githubFaults,
  hub: hubFaults,
  'hub/calls': callFaults,
  'hub/entra': entraFaults,
  'hub/import': importFaults,
  identity: identityFaults,
  model: modelFaults,
  removal: removalFaults,
  run: runFaults,
  terminal: terminalFaults,
};

/**
 * Every text of the rules and of the rooms' faults, with its example, as a file that a person reads in a review. The tests of texts
 * (`texts.test.ts`, here and in other rooms) are the only ones that hang on words: after bettering a text, run
 * `npx vitest run __tests__/rules/texts.test.ts -u` and commit the file.
 */
it('says what texts.txt shows', async () => {
  const texts = [...ruleNames.map(ruleText), ...branches.map(branchText), ...faultTexts()];
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('texts.txt');
});

function ruleText<Name extends RuleName>(name: Name): string {
  const { severity, message, remedy } = finding(name, rules[name].example, {});
  return `${name} (${severity})\n  ${message}\n  → ${remedy}`;
}

function branchText({ rule, message, remedy }: (typeof branches)[number]): string {
  return `${rule}, other details\n  ${message}\n  → ${remedy}`;
}

function faultTexts(): readonly string[] {
  return Object.entries(tables).flatMap(([room, table]) => {
    const rows: readonly (readonly [string, FaultRow<unknown>])[] = Object.entries(table);
    return rows.map(([name, { kind = 'world', message, remedy, example }]) => {
      return `${room}: ${name} (${kind})\n  ${message(example)}\n  → ${remedy(example)}`;
    });
  });
}
