import { afterEach, expect, it, vi } from 'vitest';
import { modelFault } from '../../src/model/faults.ts';
import { runLines } from '../../src/run/lines.ts';
import { type Outside, stopFromOutside } from '../../src/run/signals.ts';
import { said } from '../support/fault.ts';

let outside: Outside | undefined;

afterEach(() => {
  outside?.release();
  vi.useRealTimers();
});

const state = ({ stop }: Outside) => [stop.asked.aborted, stop.hurried, stop.overdue.aborted];

it.each(['SIGINT', 'SIGTERM'] as const)('%s stops a run, which has 2.5 seconds for what is under way', (signal) => {
  vi.useFakeTimers();
  outside = stopFromOutside();
  process.emit(signal, signal);
  expect(state(outside)).toEqual([true, true, false]);
  vi.advanceTimersByTime(2_499);
  expect(outside.stop.overdue.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(outside.stop.overdue.aborted).toBe(true);
  expect(said(outside.stop.fault())).toEqual(said(modelFault('stopped', { why: signal })));
});

it.each([1, 350])('a time limit of %d stops a run in no hurry', (minutes) => {
  vi.useFakeTimers();
  outside = stopFromOutside();
  outside.limit(minutes);
  vi.advanceTimersByTime(minutes * 60_000 - 1);
  expect(state(outside)).toEqual([false, false, false]);
  vi.advanceTimersByTime(1);
  expect(state(outside)).toEqual([true, false, false]);
  vi.advanceTimersByTime(60_000);
  expect(state(outside)).toEqual([true, false, true]);
  expect(said(outside.stop.fault())).toEqual(
    said(modelFault('stopped', { why: runLines['time-limit-over']({ minutes }) })),
  );
});

it('without a limit, or once it is released, nothing stops it', () => {
  vi.useFakeTimers();
  const before = process.listenerCount('SIGINT');
  outside = stopFromOutside();
  outside.limit(undefined);
  expect(process.listenerCount('SIGINT')).toBe(before + 1);
  outside.limit(5);
  outside.release();
  vi.advanceTimersByTime(600_000_000);
  expect(state(outside)).toEqual([false, false, false]);
  expect(process.listenerCount('SIGINT')).toBe(before);
});
