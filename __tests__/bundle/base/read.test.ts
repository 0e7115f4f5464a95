// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what it is about
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBases } from '../../../src/bundle/base/read.ts';
import type { Device } from '../../../src/model/fleet.ts';
import { openWorkspace } from '../../../src/run/workspace.ts';
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
    ['missing.yaml', 'it cannot be read: it does not exist'],
    ['../out.yaml', 'it cannot be read: it lies outside the workspace'],
    ['link.yaml', 'it cannot be read: it is a link, and what it links to is refused'],
    ['folder', 'it cannot be read: it is a folder'],
    ['large.yaml', 'it cannot be read: it has 1048577 bytes, expected at most 1048576'],
    ['utf16.yaml', 'it is not text in UTF-8'],
  ])('are refused, at the line of the manifest: %s', async (path, what) => {
    const root = folderWith({ 'large.yaml': '#'.repeat(1024 * 1024 + 1) });
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'utf16.yaml'), Buffer.from(`\uFEFF${whole}é`, 'utf16le'));
    symlinkSync('/etc/hosts', join(root, 'link.yaml'));
    const { value, findings } = await readBases([withBase(path), withBase(path, { id: 'x' })], openWorkspace(root));
    expect(value.size).toBe(0);
    expect(findings).toMatchObject([
      { rule: 'config/base', place: { file: 'devices.yaml', column: columnOf('config.base') } },
    ]);
    expect(findings[0]?.message).toContain(`${path}: ${what}`);
    expect(findings[0]?.device).toBeUndefined();
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
    const judge = async (...devices: readonly Device[]) =>
      (await readBases(devices, workspace)).findings.map(({ rule, place, device, message }) => {
        expect(message).toContain('a line of a.yaml holds ${IOTEDGE_P}');
        return `${rule} ${place?.file}:${place?.line}:${place?.column} ${device}`;
      });
    const filled = withBase('a.yaml', { id: 'x', config: { agent: { registry } } });
    expect(await judge(filled, withBase('a.yaml', { id: 'y' }))).toEqual([
      'config/placeholder a.yaml:3:9 x',
      'config/placeholder a.yaml:4:8 x',
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
    const text = whole.replace('"edge"', '"<HERE>"').replace('homedir: "/h"\n', '');
    const workspace = openWorkspace(folderWith({ 'a.yaml': text, 'b.yaml': 'a: "' }));
    const judge = async (...devices: readonly Device[]) =>
      (await readBases(devices, workspace)).findings.map(({ place, device, message }) =>
        [`${place?.file}:${place?.line}`, device, message.slice(8, 18)].join(' '),
      );
    const given = { hostname: 'edge' };
    expect(await judge(withBase('a.yaml', { id: 'x' }))).toEqual(['a.yaml:1 x homedir is', 'a.yaml:10 x hostname i']);
    expect(await judge(withBase('a.yaml', { id: 'x' }), withBase('a.yaml', { id: 'y' }))).toEqual([
      'a.yaml:1  homedir is',
      'a.yaml:10  hostname i',
    ]);
    expect(await judge(withBase('a.yaml', { id: 'x', ...given }), withBase('a.yaml', { id: 'y' }))).toEqual([
      'a.yaml:1  homedir is',
      'a.yaml:10 y hostname i',
    ]);
    expect(await judge(withBase('a.yaml', { id: 'x', ...given }), withBase('a.yaml', { id: 'y', ...given }))).toEqual([
      'a.yaml:1  homedir is',
    ]);
    expect(await judge(withBase('b.yaml', { id: 'x' }))).toEqual(['b.yaml:1 x it is no Y']);
  });
});
