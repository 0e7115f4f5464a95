import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { endedEarly, type Result } from '../../src/model/report.ts';
import { plural } from '../../src/report/counts.ts';
import { headline } from '../../src/report/headline.ts';
import { everyResult, findingOf, reportOf } from './reports.ts';

const sentences: Readonly<Record<Result, string>> = {
  valid: '3 devices: the manifest is valid, 1 warning',
  invalid: '1 error, 2 warnings. Nothing was written to any hub.',
  unchanged: '3 devices: the hub is as the manifest says, nothing to write',
  changes: 'to create 1, to update 2, unchanged 1',
  changed: 'created 1, updated 0, unchanged 1',
  partial: 'created 0, updated 1, unchanged 0; failed 1, unknown 1',
  failed: 'failed 1, unknown 0: no device is known to be as it should',
  rendered: '1 bundle written to /srv/device-bundles',
  'in-sync': '3 devices: the hub is as the manifest says',
  drift: 'drift: 2 of 3 devices not as the manifest says',
  listed: '2 edge devices, 1 in the manifest',
};

describe('the closing sentence', () => {
  it.each(Object.entries(sentences))('of %s', (result, sentence) => {
    const report = Object.values(everyResult).find((one) => one.result === result)!;
    expect(headline(report)).toBe(sentence);
  });

  it('does not call a manifest with notices alone anything but valid', () => {
    const findings = [findingOf({ severity: 'notice' })];
    expect(headline(reportOf({ result: 'valid', devices: 1, findings }))).toBe('1 device: the manifest is valid');
  });

  it('of a run that a warning stopped counts no errors', () => {
    const findings = [findingOf({ severity: 'warning' })];
    expect(headline(reportOf({ result: 'invalid', findings }))).toBe('1 warning');
    expect(headline(reportOf({ command: 'apply', result: 'invalid', findings }))).toBe(
      '1 warning. Nothing was written to any hub.',
    );
  });

  it('of a run that never came to devices says so', () => {
    expect(headline(endedEarly('apply', new Fault('a', 'b')))).toBe('the run ended early');
  });
});

describe('plural', () => {
  it.each([
    [0, '0 devices'],
    [1, '1 device'],
    [2, '2 devices'],
  ])('of %i', (count, text) => expect(plural(count, 'device')).toBe(text));
});
