import { expect, it } from 'vitest';
import { importLines } from '../../../src/emulator/jobs/import-lines.ts';
import { fc } from '../../support/property.ts';
import { testRegistry } from '../devices/identities.ts';

/** Imports what comes in these chunks. */
async function importing(chunks: readonly Uint8Array[] | AsyncIterable<Uint8Array>, length = 0) {
  const registry = testRegistry();
  const errors: string[] = [];
  let finished = 0;
  const progress: [lines: number, share: number][] = [];
  const bytes = (async function* () {
    yield* chunks;
  })();
  const done = importLines(
    { length, bytes },
    {
      registry,
      errors: () => ({
        write: async (text) => void errors.push(text),
        finish: async () => {
          finished += 1;
        },
      }),
      progressed: async (lines, share) => void progress.push([lines, share]),
      signal: new AbortController().signal,
    },
  );
  const failure = await done.then(
    () => undefined,
    (error: Error) => error.message,
  );
  const devices = [...registry.all()].map(({ deviceId, statusReason }) => [deviceId, statusReason]);
  return { devices, errors, finished, progress, failure };
}

it('lines are the same however the bytes are cut, and whatever stands in them', async () => {
  const reason = fc.string({ unit: 'grapheme', maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(reason, { maxLength: 20 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      async (reasons, feed, ends, size) => {
        const lines = reasons.map((statusReason, n) =>
          JSON.stringify({ id: `d${n}`, status: 'enabled', statusReason }),
        );
        const whole = Buffer.from(lines.join(feed) + (ends ? feed : ''));
        const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
          whole.subarray(n * size, (n + 1) * size),
        );
        const { devices, errors, finished, failure, progress } = await importing(chunks, whole.length);
        expect(devices).toEqual(reasons.map((each, n) => [`d${n}`, each]));
        expect([errors, finished, failure]).toEqual([[], 0, undefined]);
        expect(progress.at(-1)).toEqual([reasons.length, 1]);
      },
    ),
  );
});

it('any bytes at all are lines that succeed or are told as errors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 })), async (chunks) => {
      const { errors, failure } = await importing(chunks);
      expect(failure).toBeUndefined();
      for (const line of errors) expect(JSON.parse(line)).toMatchObject({ errorCode: expect.any(Number) });
    }),
  );
});

it('tells how far it is after every 500 lines', async () => {
  const line = Buffer.from(`${JSON.stringify({ id: 'd', status: 'enabled' })}\n`);
  const { progress } = await importing(Array(1200).fill(line), 1200 * line.length);
  expect(progress).toEqual([
    [500, 500 / 1200],
    [500, 1000 / 1200],
    [200, 1],
  ]);
});

it('keeps what it has written when the source breaks off', async () => {
  const source = (async function* () {
    yield Buffer.from('{"id":"a","status":"enabled"}\n{"id":"b","st');
    throw new Error('the blob has changed');
  })();
  expect(await importing(source, 1000)).toMatchObject({ devices: [['a', null]], failure: 'the blob has changed' });
});
