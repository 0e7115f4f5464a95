import { describe, expect, it } from 'vitest';
import { importBytes, linesOf } from '../../../src/hub/import/import-lines.ts';
import { fc } from '../../support/property.ts';
import { create } from '../devices.ts';

async function* cut(bytes: Buffer, length: number): AsyncIterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += length) yield bytes.subarray(from, from + length);
}

async function collected(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('lines', () => {
  it('are found again however their bytes are cut, whatever they hold', async () => {
    const text = fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '\u2028'));
    await fc.assert(
      fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 9 }), async (lines, length) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(await collected(linesOf(cut(bytes, length)))).toEqual(lines);
      }),
    );
  });

  it('need no line feed at the end', async () => {
    expect(await collected(linesOf(cut(Buffer.from('a\nb'), 2)))).toEqual(['a', 'b']);
  });
});

describe('devices.txt', () => {
  it('comes in pieces of some hundred kilobytes, each of whole lines', async () => {
    const writes = Array.from({ length: 3000 }, (_, n) => create(`edge-${n}`));
    const chunks = [...importBytes(writes)];
    expect(chunks.length).toBeGreaterThan(2);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(300_000);
    expect(chunks.every((chunk) => chunk.at(-1) === 10)).toBe(true);
    const lines = await collected(linesOf(cut(Buffer.concat(chunks), 1000)));
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(writes.map(({ registration: { id } }) => id));
  });

  it('has the mode and the status on every line', () => {
    const found = {
      id: create('gone').registration.id,
      etag: 'MQ==',
      edge: true,
      authentication: 'selfSigned',
      thumbprints: {},
      status: 'disabled',
    } as const;
    const [line] = [...importBytes([{ mode: 'delete', found }])];
    expect(JSON.parse(String(line))).toEqual({
      id: 'gone',
      importMode: 'deleteIfMatchETag',
      status: 'disabled',
      eTag: 'MQ==',
    });
  });
});
