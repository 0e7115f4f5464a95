import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { heads } from '../../src/report/devices.ts';
import { headlines } from '../../src/report/headline.ts';
import { leftOut } from '../../src/report/left-out.ts';
import { ownerLabels } from '../../src/report/owners.ts';
import { plainStyle, reportLines, type Style } from '../../src/report/text.ts';
import { ours } from '../plan/devices.ts';
import { changeOf, everyResult, findingOf, listedOf, outcomeOf, reportOf } from './reports.ts';

const lines = (...parts: Parameters<typeof reportOf>) => reportLines(reportOf(...parts), plainStyle);

describe('the report as text', () => {
  it('names place, severity, rule, message and remedy of a finding, and closes with one sentence', () => {
    expect(lines({ command: 'validate', result: 'invalid', findings: [findingOf()] })).toEqual([
      'fleet/devices.yaml:12:5 error certificate/cn-mismatch',
      '  certs/a.pem has the common name "b", expected "a"',
      '  → Rename it.',
      '',
      `validate: ${headlines.invalid({ errors: 1, warnings: 0 })}`,
    ]);
  });

  it.each([
    ['the hub', { hub: 'a.b' }, 'a.b error certificate/cn-mismatch'],
    ['nothing', {}, 'error certificate/cn-mismatch'],
  ])('puts %s before a finding without a place', (_, parts, line) => {
    expect(lines({ findings: [findingOf({ place: undefined, ...parts })] })[0]).toBe(line);
  });

  it('says where the plan was written', () => {
    const planned = headlines.changes({ created: 1, updated: 2, removed: 0, unchanged: 1 });
    const closing = reportLines({ ...everyResult.changes, planFile: 'plan.json' }, plainStyle).at(-1);
    expect(closing).toBe(`plan: ${planned}; written to plan.json`);
  });

  it('is dressed by its style', () => {
    const style: Style = {
      severity: (severity, text) => `<${severity}>${text}</>`,
      strong: (text) => `<b>${text}</b>`,
      muted: (text) => `<i>${text}</i>`,
      path: (file) => `../${file}`,
    };
    expect(reportLines(reportOf({ findings: [findingOf({ severity: 'notice' })] }), style)).toEqual([
      '<b>../fleet/devices.yaml:12:5</b> <notice>notice</> <i>certificate/cn-mismatch</i>',
      '  certs/a.pem has the common name "b", expected "a"',
      '<i>  → Rename it.</i>',
      '',
      `<b>plan: ${headlines.unchanged({ devices: 3 })}</b>`,
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

  it('shows a plan as a table, without the devices that are as they should be', () => {
    expect(reportLines(everyResult.changes, plainStyle)).toEqual([
      'DEVICE  HUB                        CHANGE  WHY',
      'a       contoso.azure-devices.net  create  new',
      'b       contoso.azure-devices.net  update  status enabled → disabled',
      'c       contoso.azure-devices.net  update  status enabled → disabled',
      '',
      `plan: ${headlines.changes({ created: 1, updated: 2, removed: 0, unchanged: 1 })}`,
    ]);
  });

  it('shows what an apply did, with the reason of the plan where the hub gave none', () => {
    expect(reportLines(everyResult.partial, plainStyle).slice(0, 4)).toEqual([
      'DEVICE  HUB                        RESULT   WHY',
      'b       contoso.azure-devices.net  failed   refused',
      'c       contoso.azure-devices.net  unknown  no answer',
      'a       contoso.azure-devices.net  updated  status enabled → disabled',
    ]);
  });

  it('puts first what needs somebody, however long the table is', () => {
    const ids = Array.from({ length: 300 }, (_, n) => `edge-${n}`);
    const outcomes = ids.map((id) => (id === 'edge-299' ? outcomeOf('failed', id) : outcomeOf('created', id)));
    const text = lines({ command: 'apply', result: 'partial', outcomes });
    expect(text[1]).toMatch(/^edge-299 +\S+ +failed$/);
    expect(text[2]).toMatch(/^edge-0 +\S+ +created$/);
    expect(text[201]).toBe(leftOut.rows(100));
    const changes = [changeOf('create', 'a'), changeOf('blocked', 'b')];
    expect(lines({ result: 'invalid', changes })[1]).toMatch(/^b +\S+ +blocked/);
  });

  it('says nothing of a table that is empty', () => {
    expect(reportLines(everyResult['in-sync'], plainStyle)).toHaveLength(1);
    expect(lines({ command: 'list', result: 'listed' })).toEqual([
      `list: ${headlines.listed({ devices: 0, managed: 0 })}`,
    ]);
  });

  it('lists what a hub has, of this manifest or not', () => {
    const text = lines({
      command: 'list',
      result: 'listed',
      owner: ours,
      listed: [listedOf('a', true, ours), listedOf('b', false)],
    });
    expect(text.map((line) => line.split(/ {2,}/))).toEqual([
      heads.listed.map((title) => title.toUpperCase()),
      ['a', 'contoso.azure-devices.net', 'enabled', 'selfSigned', ownerLabels.ours, 'yes'],
      ['b', 'contoso.azure-devices.net', 'enabled', 'selfSigned', ownerLabels.none, 'no'],
      [''],
      [`list: ${headlines.listed({ devices: 2, managed: 1 })}`],
    ]);
  });

  it('ends with what stopped the run, and what to do about it', () => {
    expect(lines({ result: 'failed', faults: [new Fault('no hub', 'Look.')] })).toEqual([
      'error no hub',
      '  → Look.',
      '',
      `plan: ${headlines['ended-early']()}`,
    ]);
  });

  it('lets no name steer the terminal, forge a line or turn a word round', () => {
    const hostile = 'a\u001b[2J\u202eb\nplan: all is well\u2028\u200b\ud800';
    const text = lines({
      findings: [findingOf({ message: hostile, remedy: hostile, place: { file: hostile, line: 1, column: 1 } })],
      outcomes: [outcomeOf('failed', 'edge-001', hostile)],
      faults: [new Fault(hostile, hostile)],
    });
    expect(text).toHaveLength(11);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\u2028\u200b]/u);
    expect(text[1]).toBe('  a\\u{1b}[2J\\u{202e}b\\nplan: all is well\\u{2028}\\u{200b}\\u{d800}');
    expect(text.filter((line) => line.startsWith('plan: '))).toHaveLength(1);
  });
});
