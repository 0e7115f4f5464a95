import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FaultRow } from '../../src/model/fault-table.ts';
import { finding, type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';

/**
 * Every text of the rules and of the rooms' faults, with its example, as a file that a person reads in a review. It is the one test that
 * hangs on words: after bettering a text, run `npx vitest run -u __tests__/rules/texts.test.ts` and commit the file.
 */
it('says what texts.txt shows', async () => {
  const texts = [...ruleNames.map(ruleText), ...(await faultTexts())];
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('texts.txt');
});

function ruleText<Name extends RuleName>(name: Name): string {
  const { severity, message, remedy } = finding(name, rules[name].example, {});
  return `${name} (${severity})\n  ${message}\n  → ${remedy}`;
}

/** The texts of all tables in the rooms' `faults.ts`, which are the exports whose names end in `Faults`. */
async function faultTexts(): Promise<readonly string[]> {
  const source = join(import.meta.dirname, '../../src');
  const files = globSync('**/faults.ts', { cwd: source }).sort();
  const texts: string[] = [];
  for (const file of files) {
    const exported: Readonly<Record<string, Table>> = await import(join(source, file));
    for (const [table, rows] of Object.entries(exported).filter(([name]) => name.endsWith('Faults'))) {
      for (const [name, { kind = 'world', message, remedy, example }] of Object.entries(rows)) {
        texts.push(`${file} ${table} ${name} (${kind})\n  ${message(example)}\n  → ${remedy(example)}`);
      }
    }
  }
  return texts;
}

type Table = Readonly<Record<string, FaultRow<unknown>>>;
