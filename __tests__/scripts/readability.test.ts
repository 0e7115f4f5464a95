import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readabilityOf } from '../../scripts/readability.ts';

const pages = globSync(['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/*.md', 'examples/*/README.md']).sort();

/** Words and phrases that readers of English as a second language have to look up. */
const hard =
  /\b(mend(s|ed|ing)?|anew|in silence|whosoever|whoever|all the same|of its own accord|henceforth|thereof)\b/gi;

describe('the docs', () => {
  it.each(pages)('%s is easy to read', (page) => {
    const { grade, wordsPerSentence, long } = readabilityOf(readFileSync(page, 'utf8'));
    expect(grade).toBeLessThan(6);
    expect(wordsPerSentence).toBeLessThan(14);
    expect(long).toBeLessThan(0.15);
  });

  it.each(pages)('%s has no hard words', (page) => {
    const prose = readFileSync(page, 'utf8').replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
    expect(prose.match(hard) ?? []).toEqual([]);
  });
});

describe('the measure', () => {
  it('counts the words of sentences, and code as one word', () => {
    const { words, wordsPerSentence } = readabilityOf(
      'Run `npm run demo --all` in a clone. Then look at it.\n\n```sh\nrm -r x\n```\n',
    );
    expect([words, wordsPerSentence]).toEqual([9, 4.5]);
  });

  it('finds long sentences and long words hard', () => {
    const easy = readabilityOf('The dog ran. The cat sat on the mat.');
    const hardText = `Notwithstanding ${'considerable organisational '.repeat(14)}difficulties we persevere.`;
    expect(easy.long).toBe(0);
    expect(readabilityOf(hardText).long).toBe(1);
    expect(readabilityOf(hardText).grade).toBeGreaterThan(easy.grade + 10);
  });
});
