import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { commentMarkdown } from '../src/report/comment.ts';
import { reportPage } from '../src/report/html/page.ts';
import { reportLines } from '../src/report/text.ts';
import { version } from '../src/run/version.ts';
import { terminalStyle } from '../src/terminal/style.ts';
import { commentPage } from './pictures/comment.ts';
import { proposedPlan } from './pictures/fleet.ts';
import { terminalPage } from './pictures/terminal.ts';

/** Makes the pictures of README and docs from a plan on the embedded hub. It needs Debian's `chromium`, or CHROMIUM names one. */
const folder = 'docs/pictures';

const { report, root } = await proposedPlan();
const style = await terminalStyle(undefined, root, root, { FORCE_COLOR: '1' });
const link = () => 'https://github.com/contoso/fleet';
const pages = {
  terminal: terminalPage(['$ provision-iot-edge plan', ...reportLines(report, style)]),
  comment: commentPage(commentMarkdown(report, { marker: '', link, run: `${link()}/actions/runs/1` })),
  report: reportPage(report, { version, now: new Date(), hide: (text) => text }),
};

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
for (const [name, html] of Object.entries(pages)) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 860 } });
  // The embedded hub has another port each time.
  await page.setContent(html.replace(/\blocalhost:\d+\b/g, 'contoso.azure-devices.net'));
  const whole = page.locator('#picture');
  const path = `${folder}/${name}.png`;
  if ((await whole.count()) > 0) await whole.screenshot({ path });
  else await page.screenshot({ path });
}
await browser.close();
