import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { reportLines } from '../../src/report/text.ts';
import { paceText } from '../../src/report/writing.ts';
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

  it('does not open the stream where there is nothing to show', () => {
    terminalProgress(() => {
      throw new Error('opened');
    }).clear();
  });
});
