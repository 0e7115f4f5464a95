import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { reportLines } from '../../src/report/text.ts';
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
  it('is one line of a terminal, written over, never wider than it, and gone in the end', () => {
    const { stream, kept } = streamOf({ isTTY: true, columns: 12 });
    const progress = terminalProgress(() => stream);
    progress.phase('reading a.b');
    progress.written(hub, 2, 1, 3);
    progress.clear();
    const before = ['<start>', '<clear>'];
    expect(kept).toEqual([...before, 'reading a.b', ...before, 'contoso.azu', ...before, '']);
  });

  it('counts what went wrong', () => {
    const { stream, kept } = streamOf({ isTTY: true });
    const progress = terminalProgress(() => stream);
    progress.written(hub, 2, 0, 3);
    progress.written(hub, 3, 1, 3);
    expect(kept.filter((text) => text.includes('of'))).toEqual([
      `${hub}: 2 of 3 written`,
      `${hub}: 3 of 3 written, 1 not`,
    ]);
  });

  it('is nothing where the stream is no terminal', () => {
    const { stream, kept } = streamOf({ isTTY: false });
    const progress = terminalProgress(() => stream);
    progress.phase('reading a.b');
    progress.clear();
    expect(kept).toEqual([]);
  });

  it('does not open the stream where there is nothing to show', () => {
    terminalProgress(() => {
      throw new Error('opened');
    }).clear();
  });
});
