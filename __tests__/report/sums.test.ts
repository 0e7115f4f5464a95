import { describe, expect, it } from 'vitest';
import type { Change, Rotation } from '../../src/model/plan.ts';
import { rotationNames } from '../../src/model/reasons.ts';
import { reportJson } from '../../src/report/json.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { summaryMarkdown } from '../../src/report/summary.ts';
import { sumLines, sums } from '../../src/report/sums.ts';
import { plainStyle, reportLines } from '../../src/report/text.ts';
import { changeOf, reportOf } from './reports.ts';

function rotating(id: string, rotation: Rotation): Change {
  const change = changeOf('update', id);
  if (change.kind !== 'update') throw new Error('no update');
  return { ...change, rotation };
}

describe('the sums of a plan', () => {
  const changes = [rotating('a', 'staging'), rotating('b', 'swap'), rotating('c', 'staging'), changeOf('create', 'd')];
  const certificates = sums.certificates([
    ['staging', 2],
    ['swap', 1],
  ]);

  it('name what happens to certificates, and how often', () => {
    expect(sumLines(reportOf({ changes }))).toEqual([certificates]);
    expect(sumLines(reportOf({ changes: [changeOf('create'), changeOf('update'), changeOf('unchanged')] }))).toEqual(
      [],
    );
  });

  it('stand below the table, in the summary, and device by device in the JSON', () => {
    const report = reportOf({ result: 'changes', changes });
    const lines = reportLines(report, plainStyle);
    expect(lines).toContain(certificates);
    expect(lines.find((line) => line.startsWith('b '))).toContain(`  ${rotationNames.swap}: status`);
    expect(summaryMarkdown(report)).toContain(escapeMarkdown(certificates));
    expect(reportJson(report)).toMatchObject({
      changes: [{ rotation: 'staging' }, { rotation: 'swap' }, { rotation: 'staging' }, {}],
    });
  });
});
