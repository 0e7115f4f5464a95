import { expect, it } from 'vitest';
import { reportPage } from '../../../src/report/html/page.ts';
import { open, withBrowser } from '../../support/browser.ts';
import { slowness } from '../../support/machine.ts';
import { describeNeeding } from '../../support/needing.ts';
import { at, large } from './fleets.ts';

const context = { version: '1.2.3', now: at, hide: (text: string) => text };

withBrowser();

describeNeeding(['chromium'], 'report.html of 10,000 devices that all change', () => {
  it('has less than 15 MB, is there in 2 s, and answers a key in 200 ms', async () => {
    const html = reportPage(
      large(10_000, (index) => (index % 2 === 0 ? 'tags' : 'create')),
      context,
    );
    expect(Buffer.byteLength(html)).toBeLessThan(15_000_000);
    const begun = performance.now();
    const { page } = await open(html);
    await page.getByText('10,000 devices; rows 1 to 200').waitFor();
    const shown = performance.now() - begun;
    // From a key to the frame in which its rows stand.
    const answers = await page.evaluate(`(async () => {
      const field = document.querySelector('input[type=search]');
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const times = [];
      for (const text of ['p', 'pr', 'pre', 'pres', 'press', 'press-0', '']) {
        await frame();
        const begun = performance.now();
        field.value = text;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        await frame();
        times.push(performance.now() - begun);
      }
      return times;
    })()`);
    if (!Array.isArray(answers)) throw new Error('no times');
    const slower = slowness();
    expect(shown).toBeLessThan(2_000 * slower);
    expect(Math.max(...answers)).toBeLessThan(200 * slower);
  });
});
