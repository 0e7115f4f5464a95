import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reportLines } from '../../src/report/text.ts';
import { paceText, writingLine } from '../../src/report/writing.ts';
import { terminalProgress } from '../../src/terminal/progress.ts';
import { terminalStyle } from '../../src/terminal/style.ts';
import { hub } from '../plan/devices.ts';
import { findingOf, reportOf } from '../report/reports.ts';

/** A stream that says of itself what a terminal would, and keeps what is written. */
function streamOf(parts: { readonly isTTY: boolean; readonly colours?: boolean; readonly columns?: number }) {
  const kept: string[] = [];
  const stream: WriteStream = Object.assign(Object.create(WriteStream.prototype), new PassThrough(), {
    isTTY: parts.isTTY,
    columns: parts.columns ?? 80,
    hasColors: () => parts.colours ?? false,
    cursorTo: () => kept.push('<start>') > 0,
    clearLine: () => kept.push('<clear>') > 0,
    write: (text: string) => kept.push(text) > 0,
  });
  return { stream, kept };
}

beforeEach(() => {
  for (const name of ['NO_COLOR', 'FORCE_COLOR']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => vi.unstubAllEnvs());

const report = reportOf({ findings: [findingOf()] });

describe('the style of a terminal', () => {
  it.each([
    ['is no terminal', { isTTY: false, colours: true }],
    ['wants no colours', { isTTY: true, colours: false }],
  ])('is plain where the stream %s', async (_, parts) => {
    const style = await terminalStyle(streamOf(parts).stream, '/srv', '/srv');
    const text = reportLines(report, style).join('\n');
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).toContain('fleet/devices.yaml:12:5 error certificate/cn-mismatch');
  });

  it('has colours where the stream is a terminal that has them', async () => {
    const style = await terminalStyle(streamOf({ isTTY: true, colours: true }).stream, '/srv', '/srv');
    const text = reportLines(report, style).join('\n');
    expect(text).toContain('\u001b[31merror\u001b[39m');
    expect(style.severity('warning', 'w')).toBe('\u001b[33mw\u001b[39m');
    expect(style.severity('notice', 'n')).toBe('\u001b[36mn\u001b[39m');
    expect(style.strong('s')).toBe('\u001b[1ms\u001b[22m');
    expect(style.muted('m')).toBe('\u001b[2mm\u001b[22m');
    expect(stripVTControlCharacters(text)).toContain('fleet/devices.yaml:12:5 error certificate/cn-mismatch');
  });

  it.each([
    ['/srv/fleet', 'devices.yaml'],
    ['/srv/fleet/north', '../devices.yaml'],
    ['/srv', 'fleet/devices.yaml'],
  ])('names files as one would type them in %s', async (directory, expected) => {
    const style = await terminalStyle(streamOf({ isTTY: false }).stream, '/srv', directory);
    expect(style.path('fleet/devices.yaml')).toBe(expected);
  });
});

describe('progress', () => {
  const writing = { hub, total: 3, done: 2, failed: 0, operations: 2, elapsed: 60_000 };
  const noon = () => Date.UTC(2026, 0, 1, 12);

  it('is one line of a terminal, written over, never wider than it, and gone in the end', () => {
    const { stream, kept } = streamOf({ isTTY: true, columns: 12 });
    const progress = terminalProgress(() => stream);
    progress.phase('reading a.b');
    progress.phase('reading contoso');
    progress.clear();
    const before = ['<start>', '<clear>'];
    const [over, gone] = [
      [...before, 'reading cont'.slice(0, 11)],
      [...before, ''],
    ];
    expect(kept).toEqual([...before, 'reading a.b', ...gone, ...over, ...gone]);
  });

  it('is a bar for each hub while devices are written, and gone before anything else is said', async () => {
    const { stream, kept } = streamOf({ isTTY: true, columns: 200 });
    const progress = terminalProgress(() => stream, { now: noon });
    progress.phase('writing');
    progress.written(writing);
    await vi.waitFor(() => expect(kept.join('')).toContain(`${hub} `));
    const all = { hub, total: 3, done: 3, failed: 1, operations: 30, elapsed: 60_000 };
    progress.written(all);
    const paceOfAll = paceText(all, noon());
    await vi.waitFor(() => expect(kept.join('')).toContain(`3/3, 1 failed, ${paceOfAll}`));
    const before = { hub, total: 3, done: 2, failed: 0, operations: 2, elapsed: 60_000 };
    expect(kept.join('')).toContain(`2/3, ${paceText(before, noon())}`);
    expect(paceOfAll).not.toBe(paceText(before, noon()));
    progress.clear();
    const shown = kept.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(kept.slice(shown)).toEqual([]);
  });

  it('never shows a bar that would come after the report', async () => {
    const { stream, kept } = streamOf({ isTTY: true });
    const progress = terminalProgress(() => stream);
    progress.written(writing);
    progress.clear();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(kept).toEqual([]);
  });

  it('warns, on a terminal or not', () => {
    const { stream, kept } = streamOf({ isTTY: false });
    terminalProgress(() => stream).warning('it will take long');
    expect(kept).toEqual(['warning: it will take long\n']);
  });

  it('is nothing where the stream is no terminal', () => {
    const { stream, kept } = streamOf({ isTTY: false });
    const progress = terminalProgress(() => stream);
    progress.phase('reading a.b');
    progress.written(writing);
    progress.clear();
    expect(kept).toEqual([]);
  });

  it('says each second how long a phase takes, also while a silent hub is waited for', () => {
    vi.useFakeTimers();
    try {
      const { stream, kept } = streamOf({ isTTY: true });
      const progress = terminalProgress(() => stream);
      progress.phase('reading a.b');
      vi.advanceTimersByTime(2_500);
      progress.waiting('no answer from a.b for 30 s, try 2 of 5');
      vi.advanceTimersByTime(1_000);
      progress.clear();
      vi.advanceTimersByTime(5_000);
      const texts = kept.filter((text) => !text.startsWith('<'));
      expect(texts).toEqual([
        'reading a.b …',
        'reading a.b … 1 s',
        'reading a.b … 2 s',
        '',
        'no answer from a.b for 30 s, try 2 of 5 …',
        'no answer from a.b for 30 s, try 2 of 5 … 1 s',
        '',
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['a terminal', { isTTY: true }, 'xterm', ['checking: 2 of 9,000', 'checking: 1,000 of 9,000']],
    ['a dumb terminal', { isTTY: true }, 'dumb', ['checking: 8,999 of 9,000\n']],
    ['no terminal', { isTTY: false }, 'xterm', []],
  ])('counts long work on %s after a second, and then seldom', (_, parts, term, shown) => {
    const { stream, kept } = streamOf(parts);
    let time = 0;
    const progress = terminalProgress(() => stream, { now: () => time, term });
    const count = (at: number, done: number) => {
      time = at;
      progress.counted?.('checking', done, 9_000);
    };
    count(999, 1);
    expect(kept).toEqual([]);
    count(1_000, 2);
    count(1_199, 3);
    count(1_200, 1_000);
    expect(kept.filter((text) => !text.startsWith('<') && text !== '')).toEqual(term === 'dumb' ? [] : shown);
    count(10_000, 8_999);
    count(19_999, 9_000);
    expect(kept.filter((text) => text.endsWith('\n'))).toEqual(term === 'dumb' ? shown : []);
  });

  it('is whole lines without escapes on a dumb terminal', () => {
    const { stream, kept } = streamOf({ isTTY: true });
    let time = 0;
    const progress = terminalProgress(() => stream, { now: () => time, term: 'dumb' });
    progress.phase('reading a.b');
    progress.waiting('no answer from a.b for 30 s, try 2 of 5');
    progress.warning('it will take long');
    progress.written(writing);
    time = 10_000;
    progress.written(writing);
    progress.clear();
    expect(kept).toEqual([
      'reading a.b\n',
      'no answer from a.b for 30 s, try 2 of 5\n',
      'warning: it will take long\n',
      `${writingLine(writing, time)}\n`,
    ]);
  });

  it('lets no text of a service move the cursor', () => {
    const { stream, kept } = streamOf({ isTTY: true });
    terminalProgress(() => stream).phase('a.b answers \u001b[2J');
    expect(kept.at(-1)).toBe(`a.b answers ${String.raw`\u{1b}`}[2J …`);
  });

  it('does not open the stream where there is nothing to show', () => {
    terminalProgress(() => {
      throw new Error('opened');
    }).clear();
  });
});
