import { describe, expect, it } from 'vitest';
import { readBases } from '../../src/bundle/base/read.ts';
import { renderBundles } from '../../src/bundle/render.ts';
import { identify } from '../../src/identity/identify.ts';
import { readFleet } from '../../src/manifest/read.ts';
import type { Device } from '../../src/model/fleet.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import { guarded, guardedLater } from '../../src/rules/guarded.ts';
import { runFault } from '../../src/run/faults.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { faultIn, faultOf, said } from '../support/fault.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';

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
  const others = (findings: readonly { readonly device?: string | undefined }[]) =>
    new Set(findings.map(({ device }) => device));

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
