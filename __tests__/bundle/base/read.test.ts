// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what it is about
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBases } from '../../../src/bundle/base/read.ts';
import { aLineOf } from '../../../src/bundle/base/secrets.ts';
import type { Device } from '../../../src/model/fleet.ts';
import type { ForeignForm } from '../../../src/model/foreign-form.ts';
import type { BaseProblem } from '../../../src/rules/base.ts';
import { openWorkspace } from '../../../src/run/workspace.ts';
import { at, told } from '../../support/finding.ts';
import { folderWith } from '../../support/folder.ts';
import { columnOf, deviceOf, type Wanted } from '../material.ts';
import { section } from './base-material.ts';

const whole = `${section}hostname: "edge"
connect: {management_uri: "unix:///m", workload_uri: "unix:///w"}
listen: {management_uri: "unix:///m", workload_uri: "unix:///w"}
homedir: "/h"
moby_runtime: {uri: "unix:///d"}
`;

function withBase(base: string | undefined, wanted: Wanted = {}): Device {
  const device = deviceOf(wanted);
  return base === undefined ? device : { ...device, config: { ...device.config, base } };
}

describe('the bases of a fleet', () => {
  it('are read by their paths, and none where none is named', async () => {
    const workspace = openWorkspace(folderWith({ 'a.yaml': whole, 'b/c.yaml': whole }));
    const devices = [withBase('a.yaml'), withBase(undefined), withBase('b/c.yaml'), withBase('a.yaml', { id: 'x' })];
    const { value, findings } = await readBases(devices, workspace);
    expect(findings).toEqual([]);
    expect([...value.keys()]).toEqual(['a.yaml', 'b/c.yaml']);
    expect(value.get('b/c.yaml')?.path).toBe('b/c.yaml');
    expect(await readBases([withBase(undefined)], workspace)).toEqual({ value: new Map(), findings: [] });
  });

  it('are each read once', async () => {
    const workspace = openWorkspace(folderWith({ 'a.yaml': whole }));
    const asked: string[] = [];
    const counting = {
      ...workspace,
      read: (path: string, limit: number) => {
        asked.push(path);
        return workspace.read(path, limit);
      },
    };
    await readBases(
      ['x', 'y', 'z'].map((id) => withBase('a.yaml', { id })),
      counting,
    );
    expect(asked).toEqual(['a.yaml']);
  });

  it.each([
    ['missing.yaml', 'missing'],
    ['../out.yaml', 'outside'],
    ['.git/config', 'outside'],
    ['link.yaml', 'outside'],
    ['folder', 'unreadable'],
    ['large.yaml', 'too-large'],
    ['utf16.yaml', undefined],
    ['pointer.yaml', undefined],
    ['no-mark.yaml', undefined],
  ] as const)('are refused, at the line of the manifest: %s', async (path, why) => {
    const root = folderWith({ 'large.yaml': '#'.repeat(1024 * 1024 + 1) });
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'utf16.yaml'), Buffer.from(`\uFEFF${whole}é`, 'utf16le'));
    writeFileSync(join(root, 'no-mark.yaml'), Buffer.from(whole, 'utf16le'));
    writeFileSync(join(root, 'pointer.yaml'), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
    symlinkSync('/etc/hosts', join(root, 'link.yaml'));
    const foreign: Record<string, ForeignForm> = { 'pointer.yaml': 'lfs-pointer', 'no-mark.yaml': 'utf-16' };
    const workspace = openWorkspace(root);
    const { value, findings } = await readBases([withBase(path), withBase(path, { id: 'x' })], workspace);
    expect(value.size).toBe(0);
    // A folder, the limit of 1 MiB and where a link leads: the workspace says which it is.
    const read = workspace.read(path, 1_048_576);
    const problem =
      why === undefined || read.ok
        ? ({ kind: foreign[path] ?? 'not-utf-8' } as const)
        : ({ kind: 'unreadable', why, detail: read.detail } as const);
    expect(findings).toMatchObject([
      { ...told('config/base', { path, problem }), place: at('devices.yaml', 1, columnOf('config.base')) },
    ]);
    if (why === 'too-large') expect(findings[0]?.message).toMatch(/ 1048577 .* 1048576$/);
    expect(findings[0]?.device).toBeUndefined();
    expect(read.ok || read.why).toBe(why ?? true);
  });

  it('are told by their lines where these would be filled in as secrets of the manifest are', async () => {
    const registry = { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_P' };
    const env = [
      'env:',
      "    X: '${IOTEDGE_P}'",
      '    Y: ${IOTEDGE_P} # ours',
      '    # Z: "${IOTEDGE_P}"',
      '    N: "${IOTEDGE_Q}"',
    ];
    const text = `agent:\n  ${env.join('\n')}\n${whole}`.replace('"edge-001"', '"${IOTEDGE_P}"');
    expect(text).toContain('device_id: "${IOTEDGE_P}"');
    const workspace = openWorkspace(folderWith({ 'a.yaml': text }));
    const judge = async (...devices: readonly Device[]) => (await readBases(devices, workspace)).findings;
    const findingAt = (line: number, column: number, device: string) => ({
      ...told('config/placeholder', { key: aLineOf('a.yaml'), placeholder: '${IOTEDGE_P}' }),
      place: at('a.yaml', line, column),
      device,
    });
    const filled = withBase('a.yaml', { id: 'x', config: { agent: { registry } } });
    expect(await judge(filled, withBase('a.yaml', { id: 'y' }))).toMatchObject([
      findingAt(3, 9, 'x'),
      findingAt(4, 8, 'x'),
    ]);
    expect(await judge(withBase('a.yaml', { id: 'y' }))).toEqual([]);
  });

  it('have keys and addresses that their devices know', async () => {
    const text = whole.replace('listen: {management_uri: "unix:///m"', 'listen: {management_uri: "fd://a"');
    const workspace = openWorkspace(folderWith({ 'a.yaml': `${text}parent_hostname: "a"\nlogs: "b"\n` }));
    const devices = [withBase('a.yaml', { id: 'x' }), withBase('a.yaml', { id: 'y', platform: 'linux' })];
    const { findings } = await readBases(devices, workspace);
    expect(findings.map(({ rule, place, device }) => [rule, place?.line, device])).toEqual([
      ['config/unsupported-by-version', 15, undefined],
      ['config/base-unknown-key', 16, undefined],
      ['config/base', 12, 'y'],
    ]);
  });

  it('are judged once for a platform, and name a device where it is about that one', async () => {
    const text = whole.replace('"edge"', '12').replace('homedir: "/h"\n', '');
    const workspace = openWorkspace(folderWith({ 'a.yaml': text, 'b.yaml': 'a: "' }));
    const judge = async (...devices: readonly Device[]) =>
      (await readBases(devices, workspace)).findings.map(({ message, place, device }) => ({ message, place, device }));
    const given = { hostname: 'edge' };
    const problemAt = (file: string, line: number, column: number, problem: BaseProblem, device?: string) => ({
      message: told('config/base', { path: file, problem }).message,
      place: at(file, line, column),
      device,
    });
    const noHome = { setting: 'homedir', found: 'nothing', usual: '/var/lib/iotedge', platform: 'debian' } as const;
    const home = (device?: string) => problemAt('a.yaml', 1, 1, { kind: 'lacks', ...noHome }, device);
    const name = (device?: string) => problemAt('a.yaml', 10, 1, { kind: 'hostname' }, device);
    expect(await judge(withBase('a.yaml', { id: 'x' }))).toEqual([home('x'), name('x')]);
    expect(await judge(withBase('a.yaml', { id: 'x' }), withBase('a.yaml', { id: 'y' }))).toEqual([home(), name()]);
    expect(await judge(withBase('a.yaml', { id: 'x', ...given }), withBase('a.yaml', { id: 'y' }))).toEqual([
      home(),
      name('y'),
    ]);
    expect(await judge(withBase('a.yaml', { id: 'x', ...given }), withBase('a.yaml', { id: 'y', ...given }))).toEqual([
      home(),
    ]);
    const syntax = { kind: 'syntax', message: 'Missing closing "quote' } as const;
    expect(await judge(withBase('b.yaml', { id: 'x' }))).toEqual([problemAt('b.yaml', 1, 5, syntax, 'x')]);
  });
});
