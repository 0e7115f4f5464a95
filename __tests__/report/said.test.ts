import { describe, expect, it } from 'vitest';
import { annotations } from '../../src/report/annotations.ts';
import { reportJson } from '../../src/report/json.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { said, saidLines } from '../../src/report/said.ts';
import { sarif } from '../../src/report/sarif.ts';
import { summaryMarkdown } from '../../src/report/summary.ts';
import { findingLines, plainStyle } from '../../src/report/text.ts';
import { manyIds } from '../support/fleet.ts';
import { findingOf, reportOf } from './reports.ts';

const message = 'both have one key';

describe('what a finding says', () => {
  it('begins with its device, if the message does not name it', () => {
    expect(saidLines(findingOf({ device: 'edge-001', message }))).toEqual([said.device('edge-001', message)]);
    expect(saidLines(findingOf({ device: 'edge-1', message: 'edge-11 is no name' }))).toEqual([
      said.device('edge-1', 'edge-11 is no name'),
    ]);
  });

  it.each([
    ['names its device', 'edge-001', 'certs/edge-001.pem is missing'],
    ['has no device', undefined, message],
    ['has an empty id', '', message],
  ])('is the message alone, if it %s', (_, device, text) => {
    expect(saidLines(findingOf({ device, message: text }))).toEqual([text]);
  });

  it('begins with the number of its devices and the first of them', () => {
    const lines = (count: number) => saidLines(findingOf({ device: undefined, devices: manyIds(count), message }));
    expect(lines(3)).toEqual([said.devices(manyIds(3)), message]);
    for (const id of manyIds(3)) expect(said.devices(manyIds(3))).toContain(id);
    expect(said.devices(manyIds(1000)).length).toBeLessThan(100);
  });
});

describe('one finding of 1,000 devices', () => {
  const ids = manyIds(1000);
  const report = reportOf({ findings: [findingOf({ device: undefined, devices: ids, message })] });
  const line = said.devices(ids);

  it('is one entry on the terminal', () => {
    const lines = findingLines(report.findings, plainStyle);
    expect(lines).toHaveLength(4);
    expect(lines).toContain(`  ${line}`);
  });

  it('is one item of the summary', () => {
    const rows = summaryMarkdown(report)
      .split('\n')
      .filter((row) => row.startsWith('- ❌'));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain(escapeMarkdown(line));
  });

  it('is one annotation', () => {
    expect(annotations(report).map((one) => one.message.split('\n')[0])).toEqual([line]);
  });

  it('is one finding of the JSON, with all ids', () => {
    expect(reportJson(report)).toMatchObject({ findings: [{ devices: ids }] });
  });

  it('is one result of the SARIF file, with all ids', () => {
    const { results } = JSON.parse(sarif(report, { version: '1', manifest: 'devices.yaml' })).runs[0];
    expect(results).toHaveLength(1);
    expect(results[0].properties.devices).toEqual(ids);
    expect(results[0].message.text).toContain(line);
  });
});
