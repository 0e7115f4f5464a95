import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { noPairs } from './pairs.ts';
import { expectedAt } from './schema-words.ts';

const configAt = '/$defs/config/properties';

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

/** What the schema says that these keys take. */
const words: Readonly<Record<string, string>> = {
  'config.agent.registry.passwordFrom': expectedAt(`${configAt}/agent/properties/registry/properties/passwordFrom`),
  'config.agent.registry.username': expectedAt(`${configAt}/agent/properties/registry/properties/username`),
  'config.agent.image': expectedAt(`${configAt}/agent/properties/image`),
  'config.proxy.https': expectedAt(`${configAt}/proxy/properties/https`),
  'identity.pinFrom': expectedAt('/$defs/identity/properties/pinFrom'),
};

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
      const findings = (await findingsOf(key, written, inDefaults)).filter(({ rule }) => rule === 'manifest/type');
      const { message } = told('manifest/type', { key, expected: words[key] ?? '', found });
      expect(findings.filter((one) => one.message === message)).toHaveLength(1);
      expect(JSON.stringify(findings)).not.toMatch(/hunter2|471147/);
    }
  });

  it('is met with what belongs there', async () => {
    const [pin] = await findingsOf('identity.pinFrom', '471147', false);
    const variable = { key: 'identity.pinFrom', expected: words['identity.pinFrom'] ?? '', found: 'a number' };
    expect(pin).toMatchObject(told('manifest/type', variable));
    expect(pin?.remedy).toContain(variable.expected);
    const [image] = await findingsOf('config.agent.image', '471147', false);
    const details = { key: 'config.agent.image', expected: words['config.agent.image'] ?? '', found: 'a number' };
    expect(image).toMatchObject(told('manifest/type', { ...details, remedy: 'quotes' }));
  });

  it('does not keep other values from being quoted', async () => {
    const [status] = await findingsOf('status', 'on', false);
    const details = { key: 'status', expected: 'one of enabled, disabled', found: '"on"' };
    expect(status).toMatchObject(told('manifest/type', details));
  });
});

describe('a value of another type, where true or false is needed', () => {
  it.each([
    ['config.dynamicReprovisioning', '1', 'the number 1'],
    ['config.network.ipv6', '"yes"', '"yes"'],
    ['config.imageGarbageCollection.enabled', '0x1', 'the number 0x1'],
  ])('%s: %s is met with these two, and not with quotes', async (key, written, found) => {
    const [finding] = await findingsOf(key, written, false);
    expect(finding).toMatchObject(told('manifest/type', { key, expected: 'true or false', found }));
  });
});
