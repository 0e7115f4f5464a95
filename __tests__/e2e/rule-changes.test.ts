import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { ruleChangeTexts } from '../../src/report/rule-changes.ts';
import { runFault } from '../../src/run/faults.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding } from '../support/needing.ts';
import { makeCertificate } from '../support/openssl.ts';
import { runAction } from './runner.ts';

let hub: EmbeddedHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
beforeEach(() => hub.reset());

const changed = ['certificate/expired warning', 'certificate/is-ca off'];
const rules = 'certificate/expired: warning\ncertificate/is-ca: off';

/** A repository with one device, whose certificate has ended and says CA:TRUE. */
function repository(): string {
  const folder = folderWith();
  const extensions = ['basicConstraints=critical,CA:TRUE'];
  const period = { start: '20200101000000Z', end: '20210101000000Z' };
  makeCertificate(folder, 'old', { subject: '/CN=edge-1', ...period, extensions });
  return folderWith({
    'old.pem': readFileSync(join(folder, 'old.pem')),
    'devices.yaml': `defaults: { runtime: { version: "1.6", platform: debian } }
devices: [{ id: edge-1, certificates: { primary: old.pem } }]
`,
  });
}

async function run(workspace: string, inputs: Readonly<Record<string, string>>) {
  const { outputs, summary, stdout, code, temp } = await runAction({
    workspace,
    inputs: {
      'connection-string': hub.connectionString,
      'ca-file': hub.caFile,
      artifacts: 'none',
      comment: 'never',
      ...inputs,
    },
  });
  const read = (name: string) => readFileSync(outputs[name] ?? '', 'utf8');
  return { outputs, summary, stdout, code, temp, report: read('report-file'), sarif: read('sarif-file') };
}

describeNeeding(['openssl'], 'rules that the workflow lowers', () => {
  it('let apply go on; what is off is on no screen, and what changed comes first', async () => {
    const workspace = repository();
    const refused = await run(workspace, { command: 'apply' });
    expect(refused.outputs.result).toBe('invalid');
    expect([...hub.registry.all()]).toEqual([]);

    const ended = await run(workspace, { command: 'apply', rules });
    expect(ended.outputs).toMatchObject({ result: 'changed', created: '1' });
    expect([...hub.registry.all()]).toHaveLength(1);
    const text = ended.summary.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(text.split('\n')[2]).toBe(ruleChangeTexts.runner(changed));
    expect(ended.stdout.indexOf(ruleChangeTexts.runner(changed))).toBeLessThan(ended.stdout.indexOf('::warning'));

    const { findings, rules: told } = JSON.parse(ended.report);
    expect(told).toEqual([
      { rule: 'certificate/expired', severity: 'warning' },
      { rule: 'certificate/is-ca', severity: 'off' },
    ]);
    const found = (rule: string) => findings.filter((one: { rule: string }) => one.rule === rule);
    expect(found('certificate/expired')).toMatchObject([{ severity: 'warning' }]);
    expect(found('certificate/is-ca')).toEqual([]);
    const { results } = JSON.parse(ended.sarif).runs[0];
    const levels = results.map((one: { ruleId: string; level: string }) => `${one.ruleId} ${one.level}`);
    expect(levels).toContain('certificate/expired warning');
    expect(levels.join()).not.toContain('certificate/is-ca');
    expect(ended.stdout).not.toContain('title=certificate/is-ca');
  });

  it.each(['validate', 'plan', 'render', 'verify', 'list'])('hold for %s', async (command) => {
    const { report } = await run(repository(), { command, rules });
    const found: readonly { rule: string; severity: string }[] = JSON.parse(report).findings;
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(found.map(({ rule }) => rule)).not.toContain('certificate/is-ca');
  });

  it('are not approved with a plan: apply judges by its own', async () => {
    const workspace = repository();
    const planned = await run(workspace, { command: 'plan', rules });
    expect(planned.outputs.result).toBe('changes');
    const file = { command: 'apply', 'plan-file': planned.outputs['plan-file'] ?? '' };
    expect((await run(workspace, file)).outputs.result).toBe('invalid');
    expect([...hub.registry.all()]).toEqual([]);
    expect((await run(workspace, { ...file, rules })).outputs.result).toBe('changed');
  });

  it('and those that it raises stop what the plan finds', async () => {
    const device = (status: string) => `defaults: { runtime: { version: "1.6", platform: debian } }
devices: [{ id: edge-1, status: ${status}, thumbprints: { primary: ${'A'.repeat(40)}, secondary: ${'B'.repeat(40)} } }]
`;
    const workspace = folderWith({ 'devices.yaml': device('disabled') });
    expect((await run(workspace, { command: 'apply' })).outputs.result).toBe('changed');
    writeFileSync(join(workspace, 'devices.yaml'), device('enabled'));
    const raised = await run(workspace, { command: 'apply', rules: 'plan/re-enable: error' });
    expect(raised.outputs).toMatchObject({ result: 'invalid', updated: '0' });
    expect([...hub.registry.all()]).toMatchObject([{ status: 'disabled' }]);
    expect((await run(workspace, { command: 'apply' })).outputs.result).toBe('changed');
  });

  it('are refused with all other wrong inputs where they may not be lowered', async () => {
    const { requests } = hub.counts();
    const wrong = { command: 'apply', rules: 'certificate/expired: off\nno/rule: off', 'fail-on': 'notice' };
    const { report, code } = await run(repository(), wrong);
    const { faults } = JSON.parse(report);
    expect(faults).toHaveLength(3);
    const { message } = runFault('rule-not-lowered', { rule: 'certificate/expired', given: 'off', least: 'warning' });
    expect(faults).toContainEqual(expect.objectContaining({ message }));
    expect(code).toBe(1);
    expect(hub.counts().requests).toBe(requests);
  });
});
