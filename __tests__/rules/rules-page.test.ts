import { describe, expect, it } from 'vitest';
import { rulesPage } from '../../scripts/rules-page.ts';
import { ruleNames, rules } from '../../src/rules/rules.ts';

const sections = new Map(
  rulesPage()
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split('\n')[0] ?? '', section]),
);

describe('the page of rules', () => {
  it('has a section for each rule', () => {
    expect([...sections.keys()].sort()).toEqual([...ruleNames].sort());
  });

  it.each(ruleNames)(
    'says who refuses what %s finds, with each source as a link, and how far it is lowered',
    (name) => {
      const section = sections.get(name) ?? '';
      const { refusedBy, severity, adjustable = 'no' } = rules[name];
      const line = section.split('\n').find((text) => text.startsWith('Refused by: ')) ?? '';
      for (const refuser of refusedBy)
        if ('source' in refuser) {
          const { source } = refuser;
          const written = source.startsWith('https:') ? `](${source})` : source.replace(/https:\S+/g, '<$&>');
          expect(line).toContain(written);
        }
      expect(line).not.toContain('undefined');
      const lowered = adjustable === severity ? 'no' : adjustable;
      const said = { no: 'cannot lower it', warning: 'can lower it to a warning', off: 'can turn it off' };
      expect(line.endsWith(`You ${said[lowered]}.`)).toBe(true);
    },
  );
});
