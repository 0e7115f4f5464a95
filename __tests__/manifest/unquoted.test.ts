import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { folderWith } from '../support/folder.ts';
import { noPairs } from './pairs.ts';

/** The findings of a manifest with one value, in the device or in what all inherit. */
async function findingsOf(key: string, written: string, inDefaults: boolean) {
  const value = key
    .split('.')
    .reduceRight((inner, name) => `{ ${name}: ${inner} }`, written)
    .slice(2, -2);
  const text = inDefaults
    ? `defaults:\n  ${value}\ndevices:\n  - id: one\n    runtime: { version: "1.5", platform: linux }\n`
    : `devices:\n  - id: one\n    runtime: { version: "1.5", platform: linux }\n    ${value}\n`;
  return (await readFleet(['devices.yaml'], openWorkspace(folderWith({ 'devices.yaml': text })), noPairs)).findings;
}

describe('a secret in the wrong key', () => {
  it.each([
    ['config.agent.registry.passwordFrom', 'hunter2', 'another text'],
    ['config.agent.registry.passwordFrom', '471147', 'a number'],
    ['identity.pinFrom', 'hunter2', 'another text'],
    ['identity.pinFrom', '471147', 'a number'],
    ['config.proxy.https', '"http://u: hunter2"', 'another text'],
    ['config.agent.image', '"r/x y:hunter2"', 'another text'],
    ['config.agent.image', '471147', 'a number'],
    ['config.agent.registry.username', '"me hunter2"', 'another text'],
    ['config.agent.registry.username', 'true', 'a truth value'],
  ])('%s: %s is not quoted', async (key, written, found) => {
    for (const inDefaults of [false, true]) {
      const findings = (await findingsOf(key, written, inDefaults)).filter(({ message }) =>
        message.includes('expected'),
      );
      const ofKey = findings.filter(({ message }) => message.startsWith(`${key}: expected `));
      expect(ofKey).toHaveLength(1);
      expect(ofKey[0]?.message).toMatch(new RegExp(`, found ${found}$`));
      expect(JSON.stringify(findings)).not.toMatch(/hunter2|471147/);
    }
  });

  it('is met with what belongs there', async () => {
    const [pin] = await findingsOf('identity.pinFrom', '471147', false);
    expect(pin?.remedy).toContain('the name of an environment variable');
    const [image] = await findingsOf('config.agent.image', '471147', false);
    expect(image?.remedy).toBe('Put it in quotes.');
  });

  it('does not keep other values from being quoted', async () => {
    const [status] = await findingsOf('status', 'on', false);
    expect(status?.message).toContain('found "on"');
  });
});
