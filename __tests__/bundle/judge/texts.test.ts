import { expect, it } from 'vitest';
import { branches } from '../../rules/branches.ts';

/**
 * Every text of the rules on a device's configuration that no example of a rule shows. After changing a text, run
 * `npx vitest run -u __tests__/bundle/judge/texts.test.ts` and commit the file.
 */
it('says what texts.txt shows', async () => {
  const texts = branches
    .filter(({ rule }) => rule.startsWith('config/'))
    .map(({ rule, message, remedy }) => `${rule}\n  ${message}\n  → ${remedy}`);
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('texts.txt');
});
