import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readBases } from '../../src/bundle/base/read.ts';
import { configurationChanges } from '../../src/bundle/difference.ts';
import { renderBundles } from '../../src/bundle/render.ts';
import { identify, identifyEarlier } from '../../src/identity/identify.ts';
import { findPrivateKeys } from '../../src/identity/keys.ts';
import { pairCertificates } from '../../src/identity/pairs.ts';
import { readFleet } from '../../src/manifest/read.ts';
import { ValueReader } from '../../src/manifest/values.ts';
import { devicesOf, type Finding } from '../../src/model/finding.ts';
import type { Device } from '../../src/model/fleet.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import { guarded, guardedLater } from '../../src/rules/guarded.ts';
import { runFault } from '../../src/run/faults.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { faultIn, faultOf, said } from '../support/fault.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';

const { place } = ValueReader.prototype;
const subject = { device: 'one', place: { file: 'd.yaml', line: 3, column: 5 } };
const why = 'out of luck';
const fails = (): never => {
  throw new RangeError(why);
};

describe('work that throws for one device', () => {
  it('becomes a finding of that device', async () => {
    const expected = { value: undefined, findings: [{ ...told('device/not-checked', { why }), ...subject }] };
    expect(guarded(fails, () => subject)).toEqual(expected);
    expect(
      await guardedLater(
        async () => fails(),
        () => subject,
      ),
    ).toEqual(expected);
  });

  it('is left alone where it does not throw', async () => {
    const result = { value: 7, findings: [] };
    expect(guarded(() => result, fails)).toBe(result);
    expect(await guardedLater(async () => result, fails)).toBe(result);
  });

  it('is thrown on where the world is at fault', async () => {
    const fault = runFault('no-hub', {});
    const unlucky = () => {
      throw fault;
    };
    expect(said(faultIn(() => guarded(unlucky, () => subject)))).toEqual(said(fault));
    expect(
      said(
        await faultOf(
          guardedLater(
            async () => unlucky(),
            () => subject,
          ),
        ),
      ),
    ).toEqual(said(fault));
  });
});

describe('a stage goes on with the other devices', () => {
  const ids = ['one', 'two', 'three'];
  const text = `defaults:
  runtime: { version: "1.1", platform: debian }
  config: { base: "{id}.yaml", hostname: h.example }
devices:
${ids.map((id, n) => `  - { id: ${id}, certificates: { primary: ${id}.pem }, thumbprints: { secondary: "${'ABC'[n]}" } }\n`).join('')}`;
  const folder = () => openWorkspace(folderWith({ 'd.yaml': text }));
  const ofDevice = (workspace: Workspace) =>
    readFleet(['d.yaml'], workspace, async () => ({ value: [], findings: [] }));

  /** The workspace, whose reading throws for one file. */
  const failingAt = (workspace: Workspace, file: string): Workspace => ({
    ...workspace,
    read: (path, limit) => (path === file ? fails() : workspace.read(path, limit)),
  });
  const notChecked = { rule: 'device/not-checked', device: 'two', place: { file: 'd.yaml' } };
  const others = (findings: readonly Finding[]) => new Set(findings.flatMap(devicesOf));

  it('that reads certificates', async () => {
    const workspace = folder();
    const { value: fleet } = await ofDevice(workspace);
    const options = { now: new Date('2026-12-01'), expiryWarningDays: 30 };
    const { findings } = await identify(fleet.devices, failingAt(workspace, 'two.pem'), options);
    expect(findings.filter(({ device }) => device === 'two')).toMatchObject([notChecked]);
    expect(others(findings)).toEqual(new Set(ids));
  });

  it('that reads the files of config.base', async () => {
    const workspace = folder();
    const { value: fleet } = await ofDevice(workspace);
    const { findings } = await readBases(fleet.devices, failingAt(workspace, 'two.yaml'));
    expect(findings.filter(({ device }) => device === 'two')).toMatchObject([notChecked]);
    expect(others(findings)).toEqual(new Set(ids));
  });

  it('that compares with the base', async () => {
    const files = { 'd.yaml': text, ...Object.fromEntries(ids.map((id) => [`${id}.pem`, 'x'])) };
    const workspace = openWorkspace(folderWith(files));
    const { value: fleet } = await ofDevice(workspace);
    const before = { devices: fleet.devices, workspace: openWorkspace(folderWith({ 'd.yaml': text })) };
    const after = { devices: fleet.devices, workspace: failingAt(workspace, 'two.pem') };
    const { value, findings } = await configurationChanges(before, after);
    expect(findings).toMatchObject([notChecked]);
    expect(value).toMatchObject([{ key: 'identity-certificate.pem', devices: ['one', 'three'] }]);
  });

  it('that reads a device of a manifest', async () => {
    const broken = vi.spyOn(ValueReader.prototype, 'place');
    onTestFinished(() => broken.mockRestore());
    let calls = 0;
    broken.mockImplementation(function (this: ValueReader, key) {
      if (key === 'id' && this.id === 'two' && calls++ === 0) fails();
      return Reflect.apply(place, this, [key]);
    });
    const { value: fleet, findings } = await ofDevice(folder());
    expect(findings.filter(({ rule }) => rule === 'device/not-checked')).toMatchObject([notChecked]);
    expect(fleet.devices.map(({ id }) => id)).toEqual(['one', 'three']);
  });

  it('that sorts certificates into devices', async () => {
    const files = Object.fromEntries(ids.map((id) => [`${id}.pem`, id]));
    const { findings } = await pairCertificates(
      ids.map((id) => `${id}.pem`),
      failingAt(openWorkspace(folderWith(files)), 'two.pem'),
    );
    expect(findings.map(({ rule, place }) => [rule, place?.file])).toEqual(
      [
        ['certificate/unreadable', 'one.pem'],
        ['certificate/unreadable', 'three.pem'],
        ['device/not-checked', 'two.pem'],
      ].sort((one, other) => String(one[1]).localeCompare(String(other[1]))),
    );
  });

  it('that looks for private keys', async () => {
    const key = '-----BEGIN EC PRIVATE KEY-----\n';
    const files = Object.fromEntries(ids.map((id) => [`${id}.key`, key]));
    const findings = await findPrivateKeys(['.'], failingAt(openWorkspace(folderWith(files)), 'two.key'));
    expect(findings.map(({ rule, place }) => [rule, place?.file]).sort()).toEqual([
      ['certificate/private-key-present', 'one.key'],
      ['certificate/private-key-present', 'three.key'],
      ['device/not-checked', 'two.key'],
    ]);
  });

  it('that reads the certificates of the commit before', async () => {
    const plain = text.replace(/thumbprints: .*? } }/g, '}').replace(/, }/g, ' }');
    const workspace = openWorkspace(folderWith({ 'd.yaml': plain }));
    const { value: fleet } = await ofDevice(workspace);
    const devices = fleet.devices.map(
      (device): Device => ({
        ...device,
        certificates: device.id === 'two' ? { primary: 'two.pem' } : {},
        thumbprints: { primary: 'A'.repeat(40) },
      }),
    );
    const before = await identifyEarlier(devices, failingAt(workspace, 'two.pem'));
    expect(before.map(({ device }) => device.id)).toEqual(['one', 'three']);
  });

  it('that judges configurations', async () => {
    const { value: fleet } = await ofDevice(folder());
    const judge = fleet.devices.map((device): Device => {
      const { runtime } = device;
      return {
        ...device,
        config: { ...device.config, hostname: 'a_b' },
        get runtime() {
          return device.id === 'two' ? fails() : runtime;
        },
      };
    });
    const { findings } = await renderBundles([], { now: new Date('2026-12-01'), judge });
    expect(findings.filter(({ device }) => device === 'two')).toMatchObject([notChecked]);
    expect(findings.length).toBeGreaterThan(1);
  });
});
