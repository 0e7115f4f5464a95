import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { commands, endedEarly, type Report, type Result } from '../../src/model/report.ts';
import { number, plural } from '../../src/report/counts.ts';
import { headline, headlines } from '../../src/report/headline.ts';
import { holdTexts } from '../support/text-table.ts';
import { changeOf, everyResult, findingOf, outcomeOf, reportOf } from './reports.ts';

describe('the text of the headline', () => {
  holdTexts(headlines, {
    valid: [
      [{ devices: 3 }, '3 devices: the manifest is valid'],
      [{ devices: 1 }, '1 device: the manifest is valid'],
    ],
    deployments: [
      [{ devices: 0, deployments: 3 }, '3 deployments: the runtime takes them'],
      [{ devices: 2, deployments: 1 }, '2 devices: the manifest is valid; 1 deployment: the runtime takes it'],
    ],
    'only-valid': [[{ devices: 3 }, '3 devices: the manifest is valid; no hub was asked']],
    invalid: [
      [{ command: 'validate', errors: 1, warnings: 2 }, 'Invalid: 1 error, 2 warnings'],
      [{ command: 'plan', errors: 0, warnings: 1 }, 'Plan refused: 1 warning'],
      [{ command: 'apply', errors: 2, warnings: 0 }, 'Apply refused, nothing was written to any hub: 2 errors'],
      [{ command: 'render', errors: 2, warnings: 0 }, 'Render refused, no bundle was written: 2 errors'],
    ],
    unchanged: [
      [{ command: 'plan', devices: 3 }, 'Plan: nothing to change; 3 unchanged'],
      [{ command: 'apply', devices: 1200 }, 'Apply: nothing to change; 1,200 unchanged'],
    ],
    changes: [
      [{ create: 1, update: 2, disable: 1, unchanged: 9 }, 'Plan: 1 to create, 2 to update, 1 to disable; 9 unchanged'],
      [{ claim: 4, delete: 5 }, 'Plan: 4 to claim, 5 to delete'],
      [{ blocked: 1, conflict: 2, create: 3 }, 'Plan: 3 to create, 1 blocked, 2 foreign'],
    ],
    changed: [
      [{ created: 1, updated: 2, unchanged: 9 }, 'Applied: 1 created, 2 updated; 9 unchanged'],
      [{ claimed: 1, disabled: 2, deleted: 3 }, 'Applied: 1 claimed, 2 disabled, 3 deleted'],
    ],
    written: [
      [{ created: 1, unchanged: 4 }, 'Applied, but files are missing: 1 created; 4 unchanged'],
      [{ unchanged: 4 }, 'Applied, but files are missing: nothing to change; 4 unchanged'],
    ],
    partial: [
      [
        { failed: 5, unknown: 6, created: 1, unchanged: 4 },
        'Applied in part: 5 failed, 6 unknown, 1 created; 4 unchanged',
      ],
    ],
    failed: [[{ failed: 1, unknown: 2 }, 'Apply failed: 1 failed, 2 unknown']],
    'ended-early': [
      [{ command: 'plan' }, 'Plan ended early'],
      [{ command: 'apply' }, 'Apply ended early'],
    ],
    rendered: [[{ bundles: 1 }, 'Rendered: 1 bundle']],
    'in-sync': [[{ devices: 3 }, 'In sync: 3 devices']],
    drift: [
      [{ create: 1, update: 2, unchanged: 9 }, 'Drift: 1 missing, 2 different; 9 as declared'],
      [{ disable: 1, blocked: 2, conflict: 3 }, 'Drift: 1 no longer declared, 2 different and blocked, 3 foreign'],
    ],
    listed: [[{ devices: 2, managed: 1 }, 'Listed: 2 edge devices, 1 in the manifest']],
    counted: [
      [{ said: 'Applied: 1 created', errors: 0, warnings: 0, faults: 0 }, 'Applied: 1 created'],
      [{ said: 'Applied: 1 created', errors: 0, warnings: 1, faults: 2 }, 'Applied: 1 created (1 warning, 2 faults)'],
    ],
  });
});

const counted = (said: string, more: { readonly warnings?: number; readonly faults?: number }) =>
  headlines.counted({ said, errors: 0, warnings: 0, faults: 0, ...more });

const sentences: Readonly<Record<Result, string>> = {
  valid: counted(headlines.valid({ devices: 3 }), { warnings: 1 }),
  invalid: headlines.invalid({ command: 'apply', errors: 1, warnings: 2 }),
  unchanged: headlines.unchanged({ command: 'plan', devices: 3 }),
  changes: headlines.changes({ create: 1, update: 2, unchanged: 1 }),
  changed: headlines.changed({ created: 1, unchanged: 1 }),
  written: counted(headlines.written({ unchanged: 1 }), { faults: 1 }),
  partial: headlines.partial({ updated: 1, failed: 1, unknown: 1 }),
  failed: headlines.failed({ failed: 1 }),
  rendered: headlines.rendered({ bundles: 1 }),
  'in-sync': headlines['in-sync']({ devices: 3 }),
  drift: headlines.drift({ update: 1, conflict: 1, unchanged: 1 }),
  listed: headlines.listed({ devices: 2, managed: 1 }),
};

describe('the sentence', () => {
  it.each(Object.entries(sentences))('of %s', (result, sentence) => {
    const report = Object.values(everyResult).find((one) => one.result === result)!;
    expect(headline(report)).toBe(sentence);
  });

  it('does not count notices', () => {
    const findings = [findingOf({ severity: 'notice' })];
    expect(headline(reportOf({ command: 'validate', result: 'valid', findings }))).toBe(
      headlines.valid({ devices: 3 }),
    );
  });

  it.each(commands)('of %s that a warning stopped counts no errors', (command) => {
    const findings = [findingOf({ severity: 'warning' })];
    expect(headline(reportOf({ command, result: 'invalid', findings }))).toBe(
      headlines.invalid({ command, errors: 0, warnings: 1 }),
    );
  });

  it('of a plan without a hub says that none was asked', () => {
    expect(headline(reportOf({ result: 'valid' }))).toBe(headlines['only-valid']({ devices: 3 }));
  });

  it.each<[string, Partial<Report>, string]>([
    [
      'a plan',
      { result: 'changes', changes: [changeOf('disable', 'a'), changeOf('delete', 'b'), changeOf('create', 'c')] },
      headlines.changes({ create: 1, disable: 1, delete: 1 }),
    ],
    [
      'an apply, as it was planned',
      {
        command: 'apply',
        result: 'changed',
        changes: [changeOf('disable', 'a'), changeOf('delete', 'b')],
        outcomes: [outcomeOf('removed', 'a'), outcomeOf('removed', 'b'), outcomeOf('updated', 'c')],
      },
      headlines.changed({ updated: 1, disabled: 1, deleted: 1 }),
    ],
  ])('of %s counts what is removed', (_, parts, sentence) => {
    expect(headline(reportOf(parts))).toBe(sentence);
  });

  it('of an apply counts a device that was updated and claimed for both', () => {
    const outcomes = [{ ...outcomeOf('updated', 'a'), owner: 'claimed' } as const, outcomeOf('claimed', 'b')];
    expect(headline(reportOf({ command: 'apply', result: 'changed', outcomes }))).toBe(
      headlines.changed({ updated: 1, claimed: 2 }),
    );
  });

  it('of verify counts a claim as no drift', () => {
    const changes = [changeOf('claim', 'a'), changeOf('create', 'b')];
    expect(headline(reportOf({ command: 'verify', result: 'drift', changes }))).toBe(
      headlines.drift({ create: 1, unchanged: 1 }),
    );
  });

  it.each(['plan', 'apply'] as const)('of %s counts warnings, as that of validate does', (command) => {
    const findings = [findingOf({ severity: 'warning' }), findingOf({ severity: 'notice' })];
    const report = reportOf({ command, result: 'unchanged', devices: 3, findings });
    expect(headline(report)).toBe(counted(headlines.unchanged({ command, devices: 3 }), { warnings: 1 }));
  });

  it('counts the faults of a run that did what its result says', () => {
    const outcomes = [outcomeOf('created')];
    const report = reportOf({
      result: 'changed',
      command: 'apply',
      outcomes,
      faults: [new Fault('no issue', 'Again.')],
    });
    expect(headline(report)).toBe(counted(headlines.changed({ created: 1 }), { faults: 1 }));
  });

  it('of a run that never came to devices says so', () => {
    expect(headline(endedEarly('apply', new Fault('a', 'b')))).toBe(headlines['ended-early']({ command: 'apply' }));
  });
});

describe('plural', () => {
  it.each([
    [0, '0 devices'],
    [1, '1 device'],
    [2, '2 devices'],
    [1000, '1,000 devices'],
  ])('of %i', (count, text) => expect(plural(count, 'device')).toBe(text));
});

describe('a number', () => {
  it.each([0, 7, 999, 1000, 25_003, 999_999, 1_000_000])('%i is written as Intl writes it', (count) => {
    expect(number(count)).toBe(count.toLocaleString('en-US'));
  });
});
