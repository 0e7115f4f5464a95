import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { endsWell, exitCode, type Result, withLaterFaults } from '../../src/model/report.ts';
import { reportOf } from '../report/reports.ts';

const fault = new Fault('no space left on device', 'Make room.');

describe('a run whose files or uploads fail', () => {
  it.each<Result>(['changed', 'unchanged'])('is written where the hub is right: %s', (result) => {
    const report = withLaterFaults(reportOf({ command: 'apply', result }), [fault]);
    expect(report).toMatchObject({ result: 'written', faults: [fault] });
    expect([endsWell(report), exitCode(report)]).toEqual([false, 1]);
  });

  it.each<Result>(['partial', 'failed', 'invalid'])('keeps a result that is worse: %s', (result) => {
    const report = withLaterFaults(reportOf({ command: 'apply', result, faults: [fault] }), [fault]);
    expect(report).toMatchObject({ result, faults: [fault] });
  });

  it('keeps the result of a command that writes to no hub', () => {
    const report = withLaterFaults(reportOf({ command: 'render', result: 'rendered' }), [fault]);
    expect([report.result, exitCode(report)]).toEqual(['rendered', 1]);
  });

  it('without faults stays as it is', () => {
    const report = reportOf({ command: 'apply', result: 'changed' });
    expect(withLaterFaults(report, [])).toBe(report);
  });
});
