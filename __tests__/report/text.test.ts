import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import type { Report } from '../../src/model/report.ts';
import { listHead } from '../../src/report/devices.ts';
import { headline, headlines } from '../../src/report/headline.ts';
import { elsewhere, leftOut } from '../../src/report/left-out.ts';
import { bundleTexts, nextTexts } from '../../src/report/next.ts';
import { ownerLabels } from '../../src/report/owners.ts';
import { said } from '../../src/report/said.ts';
import { plainStyle, reportLines, type Style } from '../../src/report/text.ts';
import { deviceTitle, titles } from '../../src/report/titles.ts';
import { hub, idOf, ours } from '../plan/devices.ts';
import { manyIds } from '../support/fleet.ts';
import { changeOf, everyResult, findingOf, listedOf, outcomeOf, reportOf } from './reports.ts';

const lines = (...parts: Parameters<typeof reportOf>) => reportLines(reportOf(...parts), plainStyle);
const next = (text: string) => `Next: ${text}`;

describe('the report as text', () => {
  it('begins with the sentence, then place, severity, rule, message and remedy of a finding, then what to do next', () => {
    expect(lines({ command: 'validate', result: 'invalid', findings: [findingOf()] })).toEqual([
      headlines.invalid({ command: 'validate', errors: 1, warnings: 0 }),
      '',
      leftOut.title(titles.findings.error, 1),
      'fleet/devices.yaml:12:5 error certificate/cn-mismatch',
      '  certs/a.pem has the common name "b", expected "a"',
      '  → Rename it.',
      '',
      next(nextTexts.errors({ errors: 1, command: 'validate' })),
    ]);
  });

  it.each([
    ['the hub', { hub: 'a.b' }, 'a.b error certificate/cn-mismatch'],
    ['nothing', {}, 'error certificate/cn-mismatch'],
  ])('puts %s before a finding without a place', (_, parts, line) => {
    expect(lines({ findings: [findingOf({ place: undefined, ...parts })] })[3]).toBe(line);
  });

  it('is dressed by its style', () => {
    const style: Style = {
      severity: (severity, text) => `<${severity}>${text}</>`,
      strong: (text) => `<b>${text}</b>`,
      muted: (text) => `<i>${text}</i>`,
      path: (file) => `../${file}`,
    };
    expect(reportLines(reportOf({ findings: [findingOf({ severity: 'notice' })] }), style)).toEqual([
      `<b>${headlines.unchanged({ command: 'plan', devices: 3 })}</b>`,
      '',
      `<b>${leftOut.title(titles.findings.notice, 1)}</b>`,
      '<b>../fleet/devices.yaml:12:5</b> <notice>notice</> <i>certificate/cn-mismatch</i>',
      '  certs/a.pem has the common name "b", expected "a"',
      '<i>  →</i> Rename it.',
      '',
      next(nextTexts.nothing()),
    ]);
  });

  it('writes out 20 findings of one rule and counts the others', () => {
    const findings = [...Array.from({ length: 23 }, () => findingOf()), findingOf({ rule: 'manifest/type' })];
    const text = lines({ findings });
    expect(text.filter((line) => line.endsWith(' error certificate/cn-mismatch'))).toHaveLength(20);
    expect(text).toContain(leftOut.ofRule(3, 'certificate/cn-mismatch'));
    expect(text.filter((line) => line.endsWith(' error manifest/type'))).toHaveLength(1);
    expect(lines({ findings: findings.slice(3, 23) }).join()).not.toContain('…');
  });

  it('shows no key that was pasted where an id belongs', () => {
    const text = lines({ changes: [changeOf('create', 'SharedAccessKey=c2VjcmV0')] }).join('\n');
    expect(text).toContain('SharedAccessKey=***');
    expect(text).not.toContain('c2VjcmV0');
  });

  it('shows a plan by groups, with the changed fields, without the devices that are as they should be', () => {
    expect(reportLines(everyResult.changes, plainStyle)).toEqual([
      headlines.changes({ create: 1, update: 2, unchanged: 1 }),
      '',
      leftOut.title(deviceTitle('changed', 'planned', hub), 3),
      '  + a: new',
      '  ~ b, c',
      '      status: enabled → disabled',
      '',
      next(nextTexts.planned({ configured: 0 })),
    ]);
  });

  it('shows what an apply did, what failed and what is not known before what is done', () => {
    expect(reportLines(everyResult.partial, plainStyle)).toEqual([
      headlines.partial({ updated: 1, failed: 1, unknown: 1 }),
      '',
      leftOut.title(deviceTitle('failed', 'done', hub), 1),
      '  ! b: not updated: refused',
      '',
      leftOut.title(deviceTitle('unknown', 'done', hub), 1),
      '  ? c: perhaps created: no answer',
      '',
      leftOut.title(deviceTitle('changed', 'done', hub), 1),
      '  ~ a',
      '      status: enabled → disabled',
      '',
      next(nextTexts.failed()),
    ]);
  });

  it('of verify says what differs, and nothing of how it would be changed', () => {
    const missing = changeOf('create', 'a');
    const gone = changeOf('delete', 'b');
    const text = lines({ command: 'verify', result: 'drift', changes: [missing, gone, changeOf('update', 'c')] });
    expect(text).toContain('  + a: missing in the hub');
    expect(text).toContain('  - b: no manifest declares it any more');
    expect(text).toContain(leftOut.title(deviceTitle('removed', 'found', hub), 1));
    expect(text).toContain(leftOut.title(deviceTitle('changed', 'found', hub), 2));
  });

  it('names the hub of each group if there are several', () => {
    const other = { ...outcomeOf('failed', 'b', 'refused'), hub: 'other.azure-devices.net' } as const;
    const outcomes = [outcomeOf('failed', 'a', 'refused'), other] as Report['outcomes'];
    const text = lines({ command: 'apply', result: 'failed', outcomes });
    expect(text).toContain(leftOut.title(deviceTitle('failed', 'done', undefined), 2));
    expect(text).toContain(`  ! a in ${hub}: refused`);
    expect(text).toContain('  ! b in other.azure-devices.net: refused');
  });

  it('repeats at the end of a long text what failed, what is not known, and the sentence', () => {
    const ids = manyIds(300);
    const changes = ids.map((id, n) => changeOf('update', id, [{ field: 'status', before: String(n), after: 'x' }]));
    const outcomes = ids.map((id) =>
      outcomeOf(id === ids[299] ? 'unknown' : 'updated', id, id === ids[299] ? 'lost' : undefined),
    );
    const report = reportOf({ command: 'apply', result: 'partial', outcomes, changes });
    const text = reportLines(report, plainStyle);
    const unknown = [
      leftOut.title(deviceTitle('unknown', 'done', hub), 1),
      `  ? ${ids[299]}: perhaps updated: lost`,
      '',
    ];
    expect(text.slice(0, 5)).toEqual([headline(report), '', ...unknown]);
    expect(text.slice(-5)).toEqual([...unknown, headline(report), next(nextTexts.unknown())]);
    expect(text).toContain(`  ${leftOut.items(99, elsewhere.json)}`);
  });

  it('says nothing of what there is not', () => {
    expect(reportLines(everyResult['in-sync'], plainStyle)).toEqual([
      headlines['in-sync']({ devices: 3 }),
      '',
      next(nextTexts.nothing()),
    ]);
    expect(lines({ command: 'list', result: 'listed' })).toEqual([headlines.listed({ devices: 0, managed: 0 })]);
  });

  it('shows what devices would run otherwise, equal changes once', () => {
    const configuration = [
      { key: 'agent.image', before: '1.5.10', after: '1.5.21', devices: ['a'] },
      { key: 'agent.image', before: '1.5.10', after: '1.5.21', devices: ['b'] },
    ];
    const text = lines({ configuration });
    expect(text).toContain(leftOut.title(titles.configuration, 1));
    expect(text).toContain('  ~ agent.image: 1.5.10 → 1.5.21');
    expect(text).toContain(`      ${said.someDevices(['a', 'b'])}`);
    expect(text.at(-1)).toBe(next(nextTexts.configured({ devices: 2 })));
  });

  it('lists what a hub has, of this manifest or not', () => {
    const text = lines({
      command: 'list',
      result: 'listed',
      owner: ours,
      listed: [listedOf('a', true, ours), listedOf('b', false)],
    });
    expect(text.map((line) => line.split(/ {2,}/))).toEqual([
      [headlines.listed({ devices: 2, managed: 1 })],
      [''],
      [leftOut.title(titles.listed, 2)],
      listHead.map((title) => title.toUpperCase()),
      ['a', 'contoso.azure-devices.net', 'enabled', 'selfSigned', ownerLabels.ours, 'yes'],
      ['b', 'contoso.azure-devices.net', 'enabled', 'selfSigned', ownerLabels.none, 'no'],
    ]);
  });

  it('says what stopped the run, and what to do about it', () => {
    expect(lines({ result: 'failed', faults: [new Fault('no hub', 'Look.')] })).toEqual([
      headlines['ended-early']({ command: 'plan' }),
      '',
      leftOut.title(titles.faults, 1),
      'error no hub',
      '  → Look.',
      '',
      next(nextTexts['ended-early']({ faults: 1, command: 'plan' })),
    ]);
  });

  it('lets no name steer the terminal, forge a line or turn a word round', () => {
    const hostile = 'a\u001b[2J\u202eb\nApplied: all is well\u2028\u200b\ud800';
    const text = lines({
      findings: [findingOf({ message: hostile, remedy: hostile, place: { file: hostile, line: 1, column: 1 } })],
      outcomes: [outcomeOf('failed', 'edge-001', hostile)],
      configuration: [{ key: hostile, before: hostile, after: hostile, devices: [hostile] }],
      faults: [new Fault(hostile, hostile)],
      bundles: everyResult.changed.bundles,
      bundlesDirectory: hostile,
      artifacts: [hostile],
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\u2028\u200b]/u);
    expect(text).toContain('  a\\u{1b}[2J\\u{202e}b\\nApplied: all is well\\u{2028}\\u{200b}\\u{d800}');
    expect(text.filter((line) => line.startsWith('Applied: '))).toHaveLength(0);
  });
});

describe('where the bundles are', () => {
  const bundleChanges = { added: [idOf('edge-001')], changed: [] };

  it('is said by the folder, and how they differ if that is known', () => {
    const where = bundleTexts.where({ bundles: 1, folder: '/srv/device-bundles', artifacts: [] });
    expect(reportLines(everyResult.changed, plainStyle).slice(-2)).toEqual([where, next(nextTexts.bring())]);
    expect(reportLines({ ...everyResult.changed, bundleChanges }, plainStyle).slice(-3)).toEqual([
      where,
      bundleTexts.changes(bundleChanges),
      next(nextTexts['bring-changed']()),
    ]);
    const same = { ...everyResult.changed, bundleChanges: { added: [], changed: [] } };
    expect(reportLines(same, plainStyle).at(-1)).toBe(next(nextTexts.nothing()));
  });

  it.each(['valid', 'drift', 'listed', 'changes'] as const)('is not said where none is written: %s', (result) => {
    expect(reportLines(everyResult[result], plainStyle).join('\n')).not.toContain('Bundles');
  });

  it('is for a plan to be approved the file', () => {
    const report = { ...everyResult.changes, planFile: '/srv/plan.json' };
    expect(reportLines(report, plainStyle).at(-1)).toBe(
      next(nextTexts.approved({ planFile: '/srv/plan.json', configured: 0 })),
    );
  });
});
