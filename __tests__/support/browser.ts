import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';
import { folderWith, memory } from './folder.ts';
import { chromiumPath } from './tools.ts';

/** A page in a browser, with what it did that a page which stands alone does not do. */
export interface Tab {
  readonly page: Page;
  /** The address of the file. */
  readonly url: string;
  /** Requests to anywhere, texts on the console, errors and dialogs. */
  readonly incidents: readonly string[];
}

let running: Promise<Browser> | undefined;

/** Ends the browser of a test file. Call it once at the top of the file. */
export function withBrowser(): void {
  afterAll(async () => {
    const browser = await running;
    running = undefined;
    await browser?.close();
  });
}

function browser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('no Chromium');
  // As root, as in a container, Chromium starts only without its sandbox.
  running ??= chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  return running;
}

/** Opens a page from disk, as people open an artifact. It is closed when the test ends. */
export async function open(html: string, hash = '', options: BrowserContextOptions = {}): Promise<Tab> {
  const file = join(folderWith({}, memory), 'report.html');
  writeFileSync(file, html);
  const context = await (await browser()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const incidents: string[] = [];
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url && !request.url().startsWith('data:'))
      incidents.push(`request ${request.url()}`);
  });
  page.on('console', (message) => incidents.push(`console ${message.text()}`));
  page.on('pageerror', (error) => incidents.push(`error ${error.message}`));
  page.on('dialog', (dialog) => {
    incidents.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${url}${hash}`);
  return { page, url, incidents };
}
