import { describe, expect, it } from 'vitest';
import { Pace, type Sent, type Trouble } from '../../src/apply/pace.ts';
import { brokenRest, throttledRest } from '../../src/model/backoff.ts';
import { fc } from '../support/property.ts';

/** A pace of bulks of 100 on a clock of its own; chance always draws the middle. */
function paceOf(perMinute?: number) {
  const clock = { now: 0 };
  return { clock, pace: new Pace({ most: 100, perMinute, now: () => clock.now, random: () => 0.5 }) };
}

/** Sends as much as may go at once. */
function sendAll(pace: Pace, now: number): Sent[] {
  const sent: Sent[] = [];
  while (pace.nextAt() <= now) sent.push(pace.send(pace.share));
  return sent;
}

const throttled: Trouble = { because: 'throttled', rest: throttledRest, partly: false };
const broken: Trouble = { because: 'broken', rest: brokenRest, partly: false };

describe('without a known quota', () => {
  it('it begins with four calls of 100, and waits for an answer then', () => {
    const { pace } = paceOf();
    expect(sendAll(pace, 0).map(({ operations }) => operations)).toEqual([100, 100, 100, 100]);
    expect(pace.nextAt()).toBe(Number.POSITIVE_INFINITY);
  });

  it('it grows by a little with every answer, to twice as many calls at most', () => {
    const { pace } = paceOf();
    for (let n = 0; n < 1000; n++) pace.ended(pace.send(100));
    expect(sendAll(pace, 0)).toHaveLength(8);
  });

  it('a 429 halves it and has it wait up to 10 s, longer each time until the hub answers', () => {
    const { clock, pace } = paceOf();
    const [first, second, third, fourth] = sendAll(pace, 0);
    pace.ended(first!, throttled);
    expect([pace.share, pace.nextAt(), pace.inVain]).toEqual([50, Number.POSITIVE_INFINITY, 1]);
    // Sent before anybody knew: no more trouble than there was.
    pace.ended(second!, throttled);
    expect([pace.share, pace.inVain]).toEqual([50, 1]);
    pace.ended(third!);
    expect([pace.nextAt(), pace.inVain]).toEqual([5_000, 0]);
    clock.now = 5_000;
    pace.ended(fourth!);
    for (const [share, wait] of [
      [28, 5_000],
      [20, 10_000],
      [20, 20_000],
      [20, 30_000],
      [20, 30_000],
    ] as const) {
      pace.ended(pace.send(1), throttled);
      expect(pace.nextAt() - clock.now).toBe(wait);
      expect(pace.share).toBeLessThanOrEqual(share);
      clock.now = pace.nextAt();
    }
    expect(pace.share).toBe(5);
  });

  it('where only some of a call was throttled the hub has answered', () => {
    const { clock, pace } = paceOf();
    for (let n = 0; n < 20; n++) {
      pace.ended(pace.send(5), { ...throttled, partly: true });
      expect([pace.inVain, pace.nextAt() - clock.now]).toEqual([1, 5_000]);
      clock.now = pace.nextAt();
    }
  });

  it('waits at least as long as the hub asks for', () => {
    const { pace } = paceOf();
    pace.ended(pace.send(1), { ...throttled, rest: { least: 42_000, upTo: 10_000 } });
    expect(pace.nextAt()).toBe(47_000);
  });

  it('one broken connection holds nobody up, several in a row do, and the window stays', () => {
    const { clock, pace } = paceOf();
    const waits = Array.from({ length: 4 }, () => {
      pace.ended(pace.send(1), broken);
      const wait = Math.max(0, pace.nextAt() - clock.now);
      clock.now += wait;
      return wait;
    });
    expect(waits).toEqual([0, 1_000, 2_000, 4_000]);
    expect(pace.share).toBe(100);
  });
});

describe('with a known quota', () => {
  it.each([
    [100, 17, 10_200],
    [1_000, 100, 6_000],
    [50_000, 100, 120],
  ])('of %d a minute calls of %d are spread evenly', (perMinute, share, between) => {
    const { clock, pace } = paceOf(perMinute);
    expect(pace.share).toBe(share);
    const times: number[] = [];
    for (let n = 0; n < 200; n++) {
      clock.now = Math.max(clock.now, pace.nextAt());
      times.push(clock.now);
      pace.ended(pace.send(share));
    }
    const last = times.slice(-100);
    expect((last.at(-1)! - last[0]!) / 99).toBeCloseTo(between, 5);
  });

  it('catches up with lost time, but not with more than five seconds', () => {
    const { clock, pace } = paceOf(6_000);
    pace.ended(pace.send(100));
    clock.now = 60_000;
    let calls = 0;
    for (; pace.nextAt() <= clock.now; calls++) pace.ended(pace.send(100));
    // Those of five seconds, and the one that is due.
    expect(calls).toBe(6);
  });

  it('counts what is read beside', () => {
    const { pace } = paceOf(100);
    pace.spend(10);
    expect([pace.operations, pace.nextAt()]).toEqual([10, 1_000]);
  });

  it('never sends more than the quota, what may be caught up, and one call', () => {
    const steps = fc.array(
      fc.tuple(fc.nat(20_000), fc.constantFrom<Trouble | undefined>(undefined, undefined, throttled, broken)),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(fc.constantFrom(100, 300, 5_000), steps, (perMinute, series) => {
        const { clock, pace } = paceOf(perMinute);
        for (const [wait, trouble] of series) {
          clock.now += wait;
          if (pace.nextAt() <= clock.now) pace.ended(pace.send(pace.share), trouble);
          expect(pace.operations).toBeLessThanOrEqual(((clock.now + 5_000) * perMinute) / 60_000 + pace.share + 100);
        }
      }),
    );
  });
});

it('something may always go once nothing is under way and time has passed', () => {
  const steps = fc.array(
    fc.constantFrom<Trouble | undefined>(undefined, throttled, broken, { ...throttled, partly: true }),
  );
  fc.assert(
    fc.property(fc.option(fc.integer({ min: 1, max: 50_000 }), { nil: undefined }), steps, (perMinute, series) => {
      const { clock, pace } = paceOf(perMinute);
      for (const trouble of series) {
        expect(pace.nextAt()).toBeLessThan(clock.now + 24 * 3_600_000);
        clock.now = Math.max(clock.now, pace.nextAt());
        const sent = sendAll(pace, clock.now);
        expect(sent.length).toBeGreaterThan(0);
        for (const each of sent) pace.ended(each, trouble);
      }
    }),
  );
});
