import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { reportPage } from '../../../src/report/html/page.ts';
import { open, withBrowser } from '../../support/browser.ts';
import { describeNeeding } from '../../support/needing.ts';
import { at, drifted, failedApply, large, planned, plannedWell } from './fleets.ts';
import { hostile } from './hostile.ts';

const context = { version: '1.2.3', now: at, hide: (text: string) => text };

withBrowser();

const rows = (page: Page) => page.locator('#table tbody tr');
/** Waits until the line above the table says this. */
const counted = (page: Page, text: string) => page.locator('#count').getByText(text, { exact: true }).waitFor();
const first = (page: Page) => rows(page).first().locator('th');

/** The rules of accessibility that the page breaks. A script tag would be stopped by the policy, so axe comes by the debugger. */
async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`,
  );
}

describeNeeding(['chromium'], 'report.html in a browser', () => {
  it.each([
    ['a plan', 'light', planned],
    ['a plan without errors', 'dark', plannedWell],
    ['a failed apply', 'light', failedApply],
    ['drift', 'dark', drifted],
    ['a hostile fleet', 'light', hostile],
  ] as const)('asks nobody, says nothing on the console, and is accessible: %s, %s', async (_, colorScheme, make) => {
    const { page, incidents } = await open(reportPage(make(), context), '', { colorScheme });
    expect(await violations(page)).toEqual([]);
    await first(page).locator('a').click();
    await page.locator('#device h1').waitFor();
    if (make !== drifted && make !== failedApply) expect(await violations(page)).toEqual([]);
    expect(incidents).toEqual([]);
  });

  it('finds, filters and sorts, and says how many', async () => {
    const { page, incidents } = await open(reportPage(large(300), context));
    await page.getByLabel('Search').fill('PACK osaka');
    await counted(page, '15 of 300 devices');
    expect(await rows(page).count()).toBe(15);
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Show').selectOption('changed');
    await counted(page, '7 of 300 devices');
    await page.getByLabel('Show').selectOption('all');
    await page.getByLabel('Hub').selectOption('fabrikam.azure-devices.net');
    await counted(page, '150 of 300 devices');
    await page.getByRole('button', { name: 'Primary' }).click();
    const ends = await page.locator('#table td.c-primary time').allTextContents();
    expect(ends).toEqual([...ends].sort());
    await page.getByRole('button', { name: 'Primary' }).click();
    expect((await page.locator('#table td.c-primary time').allTextContents())[0]).toBe(ends.at(-1));
    expect(await page.locator('th[aria-sort=descending]').textContent()).toContain('Primary');
    expect(incidents).toEqual([]);
  });

  it('has 200 rows at most, and leads to the others', async () => {
    const { page } = await open(reportPage(large(450), context));
    expect(await rows(page).count()).toBe(200);
    await counted(page, '450 devices; rows 1 to 200');
    await page.getByRole('button', { name: 'Next' }).click();
    await counted(page, '450 devices; rows 201 to 400');
    await page.getByRole('button', { name: 'Next' }).click();
    expect(await rows(page).count()).toBe(50);
  });

  it('keeps in its address what is shown', async () => {
    const html = reportPage(large(300), context);
    const { page } = await open(html);
    await page.getByLabel('Search').fill('lathe');
    await page.getByRole('button', { name: 'Device' }).click();
    await page.waitForURL(/#q=lathe&sort=id$/);
    const shown = await rows(page).allTextContents();
    const { page: other } = await open(html, new URL(page.url()).hash);
    expect(await rows(other).allTextContents()).toEqual(shown);
    expect(await other.getByLabel('Search').inputValue()).toBe('lathe');
  });

  it('shows one device with its change, its certificates and its configuration, and goes back to where the reader was', async () => {
    const { page, incidents } = await open(reportPage(planned(), context), '#show=attention');
    await page
      .getByRole('row', { name: /hamburg-lathe-012/ })
      .getByRole('link', { name: 'hamburg-lathe-012' })
      .click();
    await page.getByRole('heading', { level: 1, name: 'hamburg-lathe-012' }).waitFor();
    expect(await page.title()).toContain('hamburg-lathe-012');
    expect(await page.locator('#device').textContent()).toMatch(
      /primaryThumbprint[\s\S]*plan\/lockout[\s\S]*Plant CA 2/,
    );
    expect(await page.locator('#device pre').textContent()).toContain('device_id = "hamburg-lathe-012"');
    await page.getByRole('link', { name: 'hamburg-gateway' }).click();
    await page.getByRole('heading', { level: 1, name: 'hamburg-gateway' }).waitFor();
    // Nothing happens to the gateway, so its bundle is named and not shown.
    expect(await page.locator('#device pre').count()).toBe(0);
    expect(await page.locator('#device').textContent()).toContain('Bundlehamburg-gateway');
    await page.goBack();
    await page.goBack();
    await counted(page, '1 of 24 devices');
    expect(new URL(page.url()).hash).toBe('#show=attention');
    expect(incidents).toEqual([]);
  });

  it('copies the whole thumbprint', async () => {
    const report = planned();
    const { page } = await open(reportPage(report, context), '', {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const row = rows(page).filter({ has: page.getByRole('rowheader', { name: 'hamburg-gateway' }) });
    await row.hover();
    await row.getByRole('button', { name: /^Copy/ }).first().click();
    await page.locator('#said', { hasText: 'Copied' }).waitFor({ state: 'attached' });
    const { primary } = report.fleet!.identities[0]!.thumbprints;
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(primary);
  });

  it('can be used by keys alone', async () => {
    const { page } = await open(reportPage(planned(), context));
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the fleet');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('paint-013');
    await counted(page, '1 of 24 devices');
    for (let step = 0; step < 20 && (await focused()) !== 'lyon-paint-013'; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#device h1').waitFor();
    expect(await focused()).toBe('lyon-paint-013');
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('← All devices');
    await page.keyboard.press('Enter');
    await page.locator('#table').waitFor();
    expect(await focused()).toBe('lyon-paint-013');
    expect(await page.getByLabel('Search').inputValue()).toBe('paint-013');
  });

  it('comes back to what was searched for, however soon the reader goes on', async () => {
    const { page } = await open(reportPage(planned(), context));
    // The address follows the search after a while, which does not come here.
    await page.clock.install();
    await page.getByLabel('Search').fill('paint-013');
    await counted(page, '1 of 24 devices');
    await first(page).locator('a').click();
    await page.locator('#device h1').waitFor();
    await page.goBack();
    await counted(page, '1 of 24 devices');
    expect(new URL(page.url()).hash).toBe('#q=paint-013');
  });

  it('filters by the month of the timeline and by a rule, and takes that back', async () => {
    const { page } = await open(reportPage(planned(), context));
    await page.getByRole('link', { name: /^Dec 2026/ }).click();
    await counted(page, '3 of 24 devices');
    await page.getByRole('button', { name: /2026-12/ }).click();
    await counted(page, '24 devices');
    await page.getByRole('link', { name: 'certificate/expires-soon' }).first().click();
    await counted(page, '3 of 24 devices');
  });

  it('shows the fleet without JavaScript', async () => {
    const { page, incidents } = await open(reportPage(large(450), context), '', { javaScriptEnabled: false });
    expect(await rows(page).count()).toBe(200);
    expect(await page.getByText('450 devices; rows 1 to 200').isVisible()).toBe(true);
    expect(await page.getByText(/need JavaScript/).isVisible()).toBe(true);
    expect(await page.locator('#controls').isVisible()).toBe(false);
    expect(await page.locator('svg rect').count()).toBeGreaterThan(20);
    expect(incidents).toEqual([]);
  });

  it('prints the fleet without what paper cannot do', async () => {
    const { page } = await open(reportPage(planned(), context), '', { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#controls').isVisible()).toBe(false);
    expect(await page.locator('.copy').first().isVisible()).toBe(false);
    expect(await rows(page).count()).toBe(24);
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
  });

  it.each([1280, 390])(
    'keeps its layout at %i pixels, whatever the manifest says, and runs nothing of it',
    async (width) => {
      const { page, incidents } = await open(reportPage(hostile(), context), '', { viewport: { width, height: 800 } });
      const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
      expect(await page.evaluate(isWider)).toBe(false);
      await first(page).locator('a').click();
      await page.locator('#device h1').waitFor();
      expect(await page.evaluate(isWider)).toBe(false);
      expect(await page.evaluate('window.hacked')).toBe(undefined);
      expect(await page.locator('script').count()).toBe(2);
      expect(await page.locator('img, iframe, object, form[action], b[onclick]').count()).toBe(0);
      expect(await page.locator('body').textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
      expect(incidents).toEqual([]);
    },
  );
});
