import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { endedEarly, type Report, type Result } from '../../src/model/report.ts';
import { plural } from '../../src/report/counts.ts';
import { headline, headlines } from '../../src/report/headline.ts';
import { holdTexts } from '../support/text-table.ts';
import { changeOf, everyResult, findingOf, outcomeOf, reportOf } from './reports.ts';

const changed = { created: 1, updated: 2, removed: 0, unchanged: 4 };

describe('the text of the headline', () => {
  holdTexts(headlines, {
    valid: [
      [{ devices: 3, errors: 0, warnings: 0 }, '3 devices: the manifest is valid'],
      [{ devices: 1, errors: 2, warnings: 1 }, '1 device: the manifest is valid, 2 errors, 1 warning'],
    ],
    invalid: [
      [{ errors: 1, warnings: 2 }, '1 error, 2 warnings'],
      [{ errors: 0, warnings: 1 }, '1 warning'],
    ],
    'nothing-written': [[{ errors: 2, warnings: 0 }, '2 errors. Nothing was written to any hub.']],
    unchanged: [[{ devices: 3 }, '3 devices: the hub is as the manifest says, nothing to write']],
    changes: [
      [changed, 'to create 1, to update 2, unchanged 4'],
      [{ ...changed, removed: 3 }, 'to create 1, to update 2, to remove 3, unchanged 4'],
    ],
    changed: [
      [changed, 'created 1, updated 2, unchanged 4'],
      [{ ...changed, removed: 3 }, 'created 1, updated 2, removed 3, unchanged 4'],
    ],
    partial: [
      [{ ...changed, failed: 5, unknown: 6 }, 'created 1, updated 2, unchanged 4; failed 5, unknown 6'],
      [
        { ...changed, removed: 3, failed: 5, unknown: 6 },
        'created 1, updated 2, removed 3, unchanged 4; failed 5, unknown 6',
      ],
    ],
    written: [
      [
        changed,
        'created 1, updated 2, unchanged 4: the hub is as the manifest says, but not all files are written and uploaded',
      ],
    ],
    counted: [
      [{ said: 'created 1', warnings: 0, faults: 0 }, 'created 1'],
      [{ said: 'created 1', warnings: 1, faults: 2 }, 'created 1, 1 warning, 2 faults'],
    ],
    failed: [[{ failed: 1, unknown: 2 }, 'failed 1, unknown 2: no device is known to be as it should']],
    'ended-early': [['the run ended early']],
    rendered: [[{ bundles: 1, folder: '/srv/device-bundles' }, '1 bundle written to /srv/device-bundles']],
    'in-sync': [[{ devices: 3 }, '3 devices: the hub is as the manifest says']],
    drift: [[{ drifted: 2, devices: 3 }, 'drift: 2 of 3 devices not as the manifest says']],
    listed: [[{ devices: 2, managed: 1 }, '2 edge devices, 1 in the manifest']],
  });
});

const sentences: Readonly<Record<Result, string>> = {
  valid: headlines.valid({ devices: 3, errors: 0, warnings: 1 }),
  invalid: headlines['nothing-written']({ errors: 1, warnings: 2 }),
  unchanged: headlines.unchanged({ devices: 3 }),
  changes: headlines.changes({ created: 1, updated: 2, removed: 0, unchanged: 1 }),
  changed: headlines.changed({ created: 1, updated: 0, removed: 0, unchanged: 1 }),
  written: headlines.counted({
    said: headlines.written({ created: 0, updated: 0, removed: 0, unchanged: 1 }),
    warnings: 0,
    faults: 1,
  }),
  partial: headlines.partial({ created: 0, updated: 1, removed: 0, unchanged: 0, failed: 1, unknown: 1 }),
  failed: headlines.failed({ failed: 1, unknown: 0 }),
  rendered: headlines.rendered({ bundles: 1, folder: '/srv/device-bundles' }),
  'in-sync': headlines['in-sync']({ devices: 3 }),
  drift: headlines.drift({ drifted: 2, devices: 3 }),
  listed: headlines.listed({ devices: 2, managed: 1 }),
};

describe('the closing sentence', () => {
  it.each(Object.entries(sentences))('of %s', (result, sentence) => {
    const report = Object.values(everyResult).find((one) => one.result === result)!;
    expect(headline(report)).toBe(sentence);
  });

  it('does not call a manifest with notices alone anything but valid', () => {
    const findings = [findingOf({ severity: 'notice' })];
    const valid = headlines.valid({ devices: 1, errors: 0, warnings: 0 });
    expect(headline(reportOf({ result: 'valid', devices: 1, findings }))).toBe(valid);
  });

  it('of a run that a warning stopped counts no errors', () => {
    const findings = [findingOf({ severity: 'warning' })];
    const found = { errors: 0, warnings: 1 };
    expect(headline(reportOf({ result: 'invalid', findings }))).toBe(headlines.invalid(found));
    expect(headline(reportOf({ command: 'apply', result: 'invalid', findings }))).toBe(
      headlines['nothing-written'](found),
    );
  });

  it.each<[string, Partial<Report>, string]>([
    [
      'a plan',
      { result: 'changes', changes: [changeOf('disable', 'a'), changeOf('delete', 'b'), changeOf('create', 'c')] },
      headlines.changes({ created: 1, updated: 0, removed: 2, unchanged: 0 }),
    ],
    [
      'an apply',
      { command: 'apply', result: 'changed', outcomes: [outcomeOf('removed', 'a'), outcomeOf('updated', 'b')] },
      headlines.changed({ created: 0, updated: 1, removed: 1, unchanged: 0 }),
    ],
  ])('of %s counts what is removed', (_, parts, sentence) => {
    expect(headline(reportOf(parts))).toBe(sentence);
  });

  it.each(['plan', 'apply', 'verify'] as const)('of %s counts warnings, as that of validate does', (command) => {
    const findings = [findingOf({ severity: 'warning' }), findingOf({ severity: 'notice' })];
    const report = reportOf({ command, result: 'unchanged', devices: 3, findings });
    const said = headlines.unchanged({ devices: 3 });
    expect(headline(report)).toBe(headlines.counted({ said, warnings: 1, faults: 0 }));
  });

  it('counts the faults of a run that did what its result says', () => {
    const report = reportOf({ result: 'changed', command: 'apply', faults: [new Fault('no issue', 'Again.')] });
    const said = headlines.changed({ created: 0, updated: 0, removed: 0, unchanged: 0 });
    expect(headline(report)).toBe(headlines.counted({ said, warnings: 0, faults: 1 }));
  });

  it('of a run that never came to devices says so', () => {
    expect(headline(endedEarly('apply', new Fault('a', 'b')))).toBe(headlines['ended-early']());
  });
});

describe('plural', () => {
  it.each([
    [0, '0 devices'],
    [1, '1 device'],
    [2, '2 devices'],
  ])('of %i', (count, text) => expect(plural(count, 'device')).toBe(text));
});
