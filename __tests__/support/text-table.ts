import { expect, it } from 'vitest';

/** Functions that make texts, by name. */
type TextTable = Readonly<Record<string, (...details: never[]) => string>>;

/** For each function of a table: its details, followed by the text that it makes of them. */
export type TextExamples<Table extends TextTable> = {
  readonly [Name in keyof Table]: readonly (readonly [...Parameters<Table[Name]>, string])[];
};

/**
 * Defines a test for each text of a table. This is the one place where a test holds the words: the other tests ask the
 * table for the text of the details that they expect.
 */
export function holdTexts<Table extends TextTable>(table: Table, examples: TextExamples<Table>): void {
  it.each(Object.entries(examples))('%s', (name, held: readonly (readonly unknown[])[]) => {
    expect(held).not.toEqual([]);
    for (const example of held) {
      expect(Reflect.apply(Reflect.get(table, name), table, example.slice(0, -1))).toBe(example.at(-1));
    }
  });
}
