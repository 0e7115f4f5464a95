import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { setOutputs } from '../../src/github/outputs.ts';
import { Fault } from '../../src/model/fault.ts';
import { endedEarly, type Report } from '../../src/model/report.ts';
import { hostOf } from '../plan/devices.ts';
import { everyResult, findingOf, outcomeOf, reportOf } from '../report/reports.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';

afterEach(() => vi.unstubAllEnvs());

const { outputs: described }: { outputs: Record<string, { description: string }> } = parse(
  readFileSync('action.yml', 'utf8'),
);

/** Sets the outputs of a report and reads them back as the runner does. */
function outputsOf(
  report: Report,
  artifactIds: readonly number[] = [],
  hide = (text: string) => text,
): Record<string, string> {
  const folder = folderWith();
  const file = join(folder, 'output');
  writeFileSync(file, '');
  vi.stubEnv('GITHUB_OUTPUT', file);
  setOutputs(report, artifactIds, {
    folder: join(folder, 'temp', 'not-yet-there'),
    sarif: { version: '1.2.3', manifest: 'devices.yaml' },
    hide,
  });
  const written = readFileSync(file, 'utf8').matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2\n/gm);
  return Object.fromEntries([...written].map(([, name, , value]) => [name, value]));
}

describe('the outputs', () => {
  it.each(Object.entries(everyResult))('of %s are those of action.yml, all of them', (result, report) => {
    const outputs = outputsOf(report);
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(described).sort());
    expect(outputs.result).toBe(result);
    expect(described.result!.description).toContain(result);
  });

  itNeeding(['links and modes of POSIX'], 'go into new files, not where links in their folder lead', () => {
    const folder = folderWith({ victim: 'victim' });
    const temp = join(folder, 'temp');
    mkdirSync(temp);
    vi.stubEnv('GITHUB_OUTPUT', join(folder, 'output'));
    writeFileSync(join(folder, 'output'), '');
    const names = ['devices.json', 'report.json', 'outcome.json'].map((name) => `provision-iot-edge-${name}`);
    for (const name of [...names, 'provision-iot-edge.sarif']) symlinkSync('../victim', join(temp, name));
    for (const _ of ['once', 'again']) {
      setOutputs(everyResult.partial, [], {
        folder: temp,
        sarif: { version: '1.2.3', manifest: 'devices.yaml' },
        hide: (text) => text,
      });
    }
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('victim');
    for (const name of names) expect(JSON.parse(readFileSync(join(temp, name), 'utf8'))).toBeTypeOf('object');
  });

  it('are set for a run that never got anywhere', () => {
    const outputs = outputsOf(endedEarly('apply', new Fault('no', 'Do.')));
    expect(outputs).toMatchObject({ result: 'failed', created: '0', devices: '[]', 'artifact-ids': '' });
    expect(JSON.parse(readFileSync(outputs['report-file']!, 'utf8')).faults).toEqual([
      { message: 'no', remedy: 'Do.' },
    ]);
  });

  it('of an apply tell what became of each device', () => {
    const outputs = outputsOf(everyResult.partial, [7, 8]);
    expect(outputs).toMatchObject({ created: '0', updated: '1', unchanged: '0', failed: '1', unknown: '1' });
    expect(JSON.parse(outputs.devices!)).toEqual([
      { device: 'a', hub: 'contoso.azure-devices.net', result: 'updated' },
      { device: 'b', hub: 'contoso.azure-devices.net', result: 'failed', reason: 'refused' },
      { device: 'c', hub: 'contoso.azure-devices.net', result: 'unknown', reason: 'no answer' },
    ]);
    expect(outputs['artifact-ids']).toBe('7,8');
    expect(readFileSync(outputs['devices-file']!, 'utf8')).toBe(outputs.devices);
    expect(JSON.parse(readFileSync(outputs['report-file']!, 'utf8'))).toMatchObject({ result: 'partial' });
  });

  it('of a plan tell what each device needs, and why', () => {
    const outputs = outputsOf(everyResult.drift);
    expect(JSON.parse(outputs.devices!)).toEqual([
      { device: 'a', hub: 'contoso.azure-devices.net', result: 'unchanged' },
      { device: 'b', hub: 'contoso.azure-devices.net', result: 'update', reason: 'status enabled → disabled' },
      { device: 'c', hub: 'contoso.azure-devices.net', result: 'conflict', reason: 'status enabled → disabled' },
    ]);
    expect(outputs).toMatchObject({ updated: '1', failed: '1' });
  });

  it('of a plan name the file to be approved, if there is one', () => {
    expect(outputsOf(everyResult.changes)['plan-file']).toBe('');
    const planned = { ...everyResult.changes, planFile: '/runner/plan.json' };
    expect(outputsOf(planned)['plan-file']).toBe('/runner/plan.json');
  });

  it('of a plan that may be carried out tell the hubs that it would write from the others', () => {
    const { changes } = everyResult.drift;
    const other = changes.map((change) => ({ ...change, hub: hostOf('other.azure-devices.net') }));
    const still = other.filter(({ kind }) => kind === 'unchanged');
    const report = { ...everyResult.changes, changes: [...changes, ...still] };
    const none = { 'hubs-with-changes': '', 'hubs-without-changes': '' };
    expect(outputsOf(report)).toMatchObject(none);
    expect(outputsOf({ ...report, planFile: '/runner/plan.json' })).toMatchObject({
      'hubs-with-changes': '["contoso.azure-devices.net"]',
      'hubs-without-changes': '["other.azure-devices.net"]',
    });
    expect(outputsOf({ ...report, changes: still, planFile: '/runner/plan.json' })).toMatchObject({
      'hubs-with-changes': '[]',
      'hubs-without-changes': '["other.azure-devices.net"]',
    });
  });

  it('name a file with the outcome, which jobs can hand on', () => {
    const outputs = outputsOf(everyResult.partial, [7, 8]);
    const counted = { created: 0, updated: 1, claimed: 0, unchanged: 0, removed: 0, failed: 1, unknown: 1 };
    expect(JSON.parse(readFileSync(outputs['outcome-file']!, 'utf8'))).toEqual({
      ...{ result: 'partial', ...counted, artifactIds: [7, 8] },
      hubs: { 'contoso.azure-devices.net': counted },
    });
  });

  it('of an apply that was refused say that nothing was created', () => {
    expect(outputsOf(everyResult.invalid)).toMatchObject({ result: 'invalid', created: '0', updated: '0' });
  });

  it('of list tell which devices are managed', () => {
    const { devices } = outputsOf(everyResult.listed);
    expect(JSON.parse(devices!).map(({ result }: { result: string }) => result)).toEqual(['managed', 'unmanaged']);
  });

  it('hold the folder of the bundles where there is one', () => {
    expect(outputsOf(everyResult.rendered)['bundles-directory']).toBe('/srv/device-bundles');
    expect(outputsOf(everyResult.drift)['bundles-directory']).toBe('');
  });

  it.each([
    [499_999, 499_999],
    [500_000, 0],
  ])('leave out devices of %i characters where they are too many, but for their file', (length, shown) => {
    const bare = JSON.stringify([outcomeOf('failed', 'a', '')]).length;
    const outcomes = [outcomeOf('failed', 'a', 'x'.repeat(length - bare))];
    const outputs = outputsOf(reportOf({ command: 'apply', result: 'failed', outcomes }));
    expect(outputs.devices).toHaveLength(shown);
    expect(readFileSync(outputs['devices-file']!, 'utf8')).toHaveLength(length);
  });

  it('name a file with every finding as SARIF', () => {
    const { runs } = JSON.parse(readFileSync(outputsOf(everyResult.invalid)['sarif-file']!, 'utf8'));
    expect(runs[0].results).toHaveLength(3);
    expect(runs[0].tool.driver.semanticVersion).toBe('1.2.3');
  });

  it('and their files hold nothing that is to be hidden', () => {
    const key = 'c2VjcmV0+of/the/hub=';
    const report = reportOf({
      result: 'failed',
      findings: [findingOf({ message: key })],
      outcomes: [outcomeOf('failed', 'a', `the hub said ${key}`)],
      faults: [new Fault(key, key)],
    });
    const outputs = outputsOf(report, [], (text) => text.replaceAll(key, '***'));
    const files = ['devices-file', 'report-file', 'sarif-file'].map((name) => readFileSync(outputs[name]!, 'utf8'));
    for (const text of [JSON.stringify(outputs), ...files]) expect(text).not.toContain(key);
    expect(JSON.parse(outputs.devices!)[0].reason).toBe('the hub said ***');
  });

  it('hold no key that was pasted where an id belongs', () => {
    const key = 'SharedAccessKey=c2VjcmV0';
    const report = reportOf({
      findings: [findingOf({ device: key })],
      outcomes: [outcomeOf('failed', key, key)],
    });
    const outputs = outputsOf(report);
    const files = ['devices-file', 'report-file', 'sarif-file'].map((name) => readFileSync(outputs[name]!, 'utf8'));
    for (const text of [JSON.stringify(outputs), ...files]) expect(text).not.toContain('c2VjcmV0');
    expect(JSON.parse(outputs.devices!)[0].device).toBe('SharedAccessKey=***');
  });

  it('cannot be forged by what stands in them', () => {
    const reason = 'x\nresult<<EOF\nchanged\nEOF\n';
    const outputs = outputsOf(reportOf({ result: 'failed', outcomes: [outcomeOf('failed', 'a', reason)] }));
    expect(outputs.result).toBe('failed');
    expect(JSON.parse(outputs.devices!)[0].reason).toBe(reason);
  });
});
