import { describe, expect, it } from 'vitest';
import type { Change, Rotation } from '../../src/model/plan.ts';
import { rotationNames } from '../../src/model/reasons.ts';
import { groupTexts } from '../../src/report/device-groups.ts';
import { reportJson } from '../../src/report/json.ts';
import { ownerLabels } from '../../src/report/owners.ts';
import { sumLines, sums } from '../../src/report/sums.ts';
import { plainStyle, reportLines } from '../../src/report/text.ts';
import { found as deviceOf, idOf, ours, twinOf } from '../plan/devices.ts';
import { changeOf, outcomeOf, reportOf } from './reports.ts';

function rotating(id: string, rotation: Rotation, after: string): Change {
  const change = changeOf('update', id, [
    { field: 'primaryThumbprint', before: 'A'.repeat(64), after: after.repeat(64) },
  ]);
  if (change.kind !== 'update') throw new Error('no update');
  return { ...change, rotation };
}

describe('a rotation', () => {
  const changes = [
    rotating('a', 'staging', 'B'),
    rotating('b', 'swap', 'C'),
    rotating('c', 'staging', 'D'),
    changeOf('create', 'd'),
  ];

  it('is one group for all devices that it does the same with, each with its own thumbprints', () => {
    const lines = reportLines(reportOf({ result: 'changes', changes }), plainStyle);
    expect(lines).toContain(`  ~ a, c: ${rotationNames.staging}`);
    expect(lines).toContain(`      ${groupTexts.own('primaryThumbprint')}`);
    expect(lines).toContain(`  ~ b: ${rotationNames.swap}`);
    expect(lines).toContain('      primaryThumbprint: AAAAAAAA… → CCCCCCCC…');
  });

  it('is named device by device in the JSON', () => {
    expect(reportJson(reportOf({ result: 'changes', changes }))).toMatchObject({
      changes: [{ rotation: 'staging' }, { rotation: 'swap' }, { rotation: 'staging' }, {}],
    });
  });
});

describe('the sums', () => {
  it('say what the changes do not show: refused marks and devices that stay', () => {
    const outcomes = [{ ...outcomeOf('created', 'a'), owner: 'refused' } as const];
    const report = reportOf({ command: 'apply', result: 'changed', outcomes, kept: 2 });
    expect(sumLines(report)).toEqual([sums.refused(1), sums.kept(2)]);
    expect(reportLines(report, plainStyle)).toContain(sums.kept(2));
    expect(sumLines(reportOf({ changes: [changeOf('create'), changeOf('unchanged')] }))).toEqual([]);
  });

  it('count owners for verify', () => {
    const found = (id: string, twin: ReturnType<typeof twinOf>) => ({
      ...changeOf('unchanged', id),
      found: deviceOf({ id: idOf(id), twin }),
    });
    const changes = [found('a', twinOf(undefined)), found('b', twinOf(ours)), changeOf('create', 'c')];
    const report = reportOf({ command: 'verify', result: 'drift', owner: ours, changes });
    expect(sumLines(report)).toEqual([
      sums.owners([
        [ownerLabels.ours, 1],
        [ownerLabels.none, 1],
      ]),
    ]);
  });
});
