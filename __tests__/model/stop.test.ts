import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { modelFault } from '../../src/model/faults.ts';
import { cutShort, onAbort, StopSwitch, unlessStopped } from '../../src/model/stop.ts';
import { said } from '../support/fault.ts';

const never = () => new Promise<never>(() => {});

describe('a stop', () => {
  it('names the first who asked for it, and is one fault', () => {
    const stop = new StopSwitch();
    expect([stop.asked.aborted, stop.overdue.aborted, stop.hurried]).toEqual([false, false, false]);
    stop.press('its time is over', { hurried: false });
    expect([stop.asked.aborted, stop.overdue.aborted, stop.hurried]).toEqual([true, false, false]);
    stop.press('SIGINT', { hurried: true });
    stop.giveUpWaiting();
    expect([stop.asked.aborted, stop.overdue.aborted, stop.hurried]).toEqual([true, true, true]);
    expect(said(stop.fault())).toEqual(said(modelFault('stopped', { why: 'its time is over' })));
    expect(stop.fault()).toMatchObject({ kind: 'stopped', message: expect.stringContaining('its time is over') });
    expect(stop.fault()).toBe(stop.fault());
  });

  it('that nobody has asked for yet has a fault all the same', () => {
    const stop = new StopSwitch();
    expect(said(stop.fault())).toEqual(said(modelFault('stopped', {})));
    expect(stop.asked.aborted).toBe(false);
  });

  it('ends what only reads at once', async () => {
    const stop = new StopSwitch();
    expect(await unlessStopped(stop, async () => 7)).toBe(7);
    await expect(unlessStopped(stop, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    const reading = unlessStopped(stop, never);
    stop.press('SIGTERM', { hurried: true });
    await expect(reading).rejects.toBe(stop.fault());
    let begun = false;
    const later = unlessStopped(stop, async () => {
      begun = true;
    });
    await expect(later).rejects.toBe(stop.fault());
    expect(begun).toBe(false);
  });
});

describe('work that is cut short', () => {
  it('gives what stands in for it, and what becomes of it later is nobody’s business', async () => {
    const cut = new AbortController();
    let fail = (_: Error) => {};
    const work = new Promise<string>((_, reject) => {
      fail = reject;
    });
    const both = [cutShort(cut.signal, work, () => 'instead')];
    cut.abort();
    both.push(cutShort(cut.signal, work, () => 'instead'));
    expect(await Promise.all(both)).toEqual(['instead', 'instead']);
    fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('is not cut when it is done before', async () => {
    const cut = new AbortController();
    const done = await cutShort(cut.signal, Promise.resolve('done'), () => 'instead');
    cut.abort();
    expect(done).toBe('done');
  });

  it('takes one listener, however much of it is under way, and is forgotten once it is done', async () => {
    const cut = new AbortController();
    let finish = () => {};
    const done = new Promise<string>((resolve) => {
      finish = () => resolve('done');
    });
    const early = Array.from({ length: 50 }, () => cutShort(cut.signal, done, () => 'instead'));
    const late = Array.from({ length: 50 }, () => cutShort(cut.signal, never(), () => 'instead'));
    expect(getEventListeners(cut.signal, 'abort')).toHaveLength(1);
    finish();
    expect(new Set(await Promise.all(early))).toEqual(new Set(['done']));
    cut.abort();
    expect(new Set(await Promise.all(late))).toEqual(new Set(['instead']));
  });
});

it('a callback of a signal is not called once it is taken back, and the others are', () => {
  const signal = new AbortController();
  const called: string[] = [];
  const back = onAbort(signal.signal, () => called.push('one'));
  onAbort(signal.signal, () => called.push('other'));
  back();
  signal.abort();
  expect(called).toEqual(['other']);
});
