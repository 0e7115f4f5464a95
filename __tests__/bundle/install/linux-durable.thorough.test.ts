import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
  install,
  makePair,
  order,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const certificatePath = '/var/lib/iotedge/identity/edge-001.pem';
const configPath = '/etc/iotedge/config.yaml';

describeNeeding(['openssl'], 'what is on the disk', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device with other files, whose programs write into the log of the stand-ins what they do and where. */
  function observed(): ScratchDevice {
    const device = scratchDevice({ ...usual(pair, 1), config: '# old\n' });
    expect(install(device).status).toBe(0);
    chmodSync(join(device.root, configPath), 0o644);
    device.update({ ...usual(pair, 1), carried: `# a comment\n${pair.certificate}` });
    for (const program of ['mv', 'rm', 'sync', 'chmod'])
      tool(device, program, `echo "${program} $* in $PWD" >>"${device.folder}/log"`);
    return device;
  }
  function tool({ folder }: ScratchDevice, program: string, line: string): void {
    put(folder, `/bin/${program}`, `#!/bin/sh\n${line}\nexec /bin/${program} "$@"\n`);
    chmodSync(join(folder, 'bin', program), 0o755);
  }
  const at = (lines: readonly string[], text: string, from = 0) =>
    lines.findIndex((line, n) => n >= from && line.startsWith(text));
  /** When this folder is synced, alone or with others. */
  const syncOf = (lines: readonly string[], place: string, from: number) =>
    lines.findIndex(
      (line, n) =>
        n >= from && (line === `sync . in ${place}` || (line.startsWith('sync ') && line.includes(` ${place} `))),
    );

  it('the names of new files are synced before the restart, everything else before the mark goes', () => {
    const device = observed();
    const { status, calls } = install(device);
    expect(status).toBe(0);
    const restart = at(calls, 'systemctl restart');
    const gone = at(calls, 'rm -f -- ./config.yaml.installing in', restart);
    expect(gone).toBeGreaterThan(restart);
    for (const path of [configPath, certificatePath]) {
      const [, place = '', name = ''] = /(.*)\/(.*)/.exec(join(device.root, path)) ?? [];
      const placed = at(calls, `mv -f -- ./${name} ../ in ${place}/${name}.installing.new`);
      const kept = at(calls, `mv -f -- ./${name}.before-install ../ in`);
      const closed = at(
        calls,
        `chmod 4${path === configPath ? '00' : '44'} ./${name} in ${place}/${name}.installing.old`,
      );
      const synced = (after: number) => syncOf(calls, place, after);
      expect(placed).toBeGreaterThan(-1);
      expect(synced(placed)).toBeGreaterThan(placed);
      expect(synced(placed)).toBeLessThan(restart);
      expect(closed).toBeGreaterThan(restart);
      expect(kept).toBeGreaterThan(closed);
      expect(synced(kept)).toBeGreaterThan(kept);
      expect(synced(kept)).toBeLessThan(gone);
    }
    expect(syncOf(calls, join(device.root, 'etc/iotedge'), gone)).toBeGreaterThan(gone);
  });

  it('old files that come back are synced before the restart with them', () => {
    const device = observed();
    const before = tree(device);
    order(device, 'systemctl restart', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    const back = at(calls, `mv -f -- ./edge-001.pem ../ in ${join(device.root, certificatePath)}.installing.old`);
    const again = calls.lastIndexOf('systemctl restart iotedge [# old]');
    const synced = syncOf(calls, join(device.root, 'var/lib/iotedge/identity'), back);
    expect(back).toBeGreaterThan(-1);
    expect(synced).toBeGreaterThan(back);
    expect(synced).toBeLessThan(again);
    expect(tree(device)).toEqual(before);
  });

  it('an old file is never open for longer than the mark is there: the next run closes it', () => {
    const device = observed();
    const cut = `case $PWD in *.old) kill -9 "$(cat "${device.folder}/pid")"; sleep 0.1; exit 1 ;; esac`;
    tool(device, 'chmod', cut);
    const { status } = install(device, { first: `echo $$ >"${device.folder}/pid"` });
    expect(status).toBe(null);
    expect(tree(device)[`${configPath}.installing`]).toMatch(/ now:done:/);
    rmSync(join(device.folder, 'bin/chmod'));
    writeFileSync(join(device.folder, 'log'), '');
    const { stdout, calls } = install(device);
    expect(stdout).toContain('nothing to do');
    expect(calls.filter((call) => /^(systemctl|iotedge) /.test(call))).toEqual([]);
    expect(tree(device)[`${configPath}.before-install`]).toMatch(/^400 \S+ # old\n$/);
    expect(Object.keys(tree(device)).filter((path) => path.includes('installing'))).toEqual([]);
    expect(readFileSync(join(device.root, configPath), 'utf8')).toBe('# new\n');
  });
});
