import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unknownOutcome } from '../../src/hub/import/progress.ts';
import type { FaultRow } from '../../src/model/fault-table.ts';

const pages = globSync(['*.md', 'docs/*.md', 'examples/*/README.md']).sort();

/** The lines of the source that may say something to people. Generated files repeat what others say, so they are left out. */
const sourceLines = ['src/**/*.{ts,sh,ps1}', '.github/**/*.{yml,sh}']
  .flatMap((pattern) => globSync(pattern))
  .filter((file) => !file.includes('.generated.'))
  .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
  .filter((line) => !/^ *(\/\/|\/?\*|# |import )/.test(line));

/** The messages of the tables of faults, each with its example: in the source one message may stand in several lines. */
async function faultMessages(): Promise<readonly string[]> {
  const messages: string[] = [];
  for (const file of globSync('src/**/faults.ts')) {
    const exported: Readonly<Record<string, Readonly<Record<string, FaultRow<unknown>>>>> = await import(resolve(file));
    for (const [name, table] of Object.entries(exported)) {
      if (!name.endsWith('Faults')) continue;
      for (const { message, example } of Object.values(table)) messages.push(message(example));
    }
  }
  return messages;
}

/** Texts that a function puts together. */
const composed = [true, false].map((cancelled) => unknownOutcome.stopped('JOB', 'the run was stopped', cancelled));

const lines = [...sourceLines, ...(await faultMessages()), ...composed];

/** Whether a message, as a page quotes it with … for what differs, stands in one line of the source or is said by a table. */
function isSaid(message: string): boolean {
  const fixed = message.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const pattern = new RegExp(fixed.join('.*?'));
  return lines.some((line) => pattern.test(line));
}

/** The code spans in the first column of the tables with this head. */
function messagesOf(page: string, head: string): readonly string[] {
  const tables = readFileSync(page, 'utf8').split(/\n(?!\|)/);
  const rows = tables.flatMap((table) => {
    const [first, , ...body] = table.trim().split('\n');
    return first?.startsWith(`| ${head} |`) ? body : [];
  });
  return rows.flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span));
}

const quoted = [
  ...messagesOf('docs/troubleshooting.md', 'Message'),
  ...messagesOf('docs/removal.md', 'Message'),
  // The numbers are Entra's words.
  ...messagesOf('docs/sign-in.md', 'It says').filter((span) => !span.startsWith('AADSTS')),
];

describe('messages that the docs quote', () => {
  it('are many, and each says enough to be found by', () => {
    expect(quoted.length).toBeGreaterThan(80);
    expect(quoted.filter((message) => message.replace(/[…\s]/g, '').length < 8)).toEqual([]);
    expect(isSaid('device "…" would be locked in: …')).toBe(false);
  });

  it.each([...new Set(quoted)])('%s', (message) => {
    expect(isSaid(message)).toBe(true);
  });
});

describe('links in the docs', () => {
  it.each(pages)('of %s lead to files and headings that are there', (page) => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('are told from those that lead nowhere', () => {
    expect(leadsSomewhere('docs/sign-in.md', 'manifest.md#a-device')).toBe(true);
    expect(leadsSomewhere('docs/sign-in.md', 'manifest.md#a-devise')).toBe(false);
    expect(leadsSomewhere('docs/sign-in.md', 'manifests.md')).toBe(false);
  });
});

/** The links of a page to files of the repository. */
function linksOf(page: string): readonly string[] {
  const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  return existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor));
}

/** The anchors that GitHub makes of the headings. */
function anchorsOf(page: string): readonly string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The text of a page without its code blocks. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/^ *```[\s\S]*?^ *```$/gm, '');
}
