import { describe, expect, it } from 'vitest';
import { allPages } from '../../src/hub/pages.ts';

/** Reads pages of one row each, with these continuations. `asked`: the continuations that were asked for. */
async function read(continuation: (page: number) => string | undefined) {
  const asked: (string | undefined)[] = [];
  const rows = await allPages(async (of) => {
    asked.push(of);
    return { rows: [asked.length], continuation: continuation(asked.length) };
  });
  return { rows, asked };
}

describe('the pages of a query', () => {
  it('are asked for until one has no continuation', async () => {
    const last = await read((page) => (page < 3 ? `after ${page}` : undefined));
    expect(last).toEqual({ rows: [1, 2, 3], asked: [undefined, 'after 1', 'after 2'] });
  });

  it.each([
    ['its own continuation', () => 'same', 2],
    ['that of an earlier page', (page: number) => `${page % 3}`, 4],
  ])('are given up where one repeats %s', async (_, continuation, pages) => {
    const { rows, asked } = await read(continuation);
    expect(rows).toBeUndefined();
    expect(asked).toHaveLength(pages);
  });

  it('are 20,000 at most', async () => {
    const whole = await read((page) => (page < 20_000 ? `${page}` : undefined));
    expect(whole.rows).toHaveLength(20_000);
    const { rows, asked } = await read((page) => `${page}`);
    expect(rows).toBeUndefined();
    expect(asked).toHaveLength(20_000);
  });
});
