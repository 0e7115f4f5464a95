import { chmodSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { isAddress } from '../../../src/bundle/judge/hostname.ts';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding } from '../../support/needing.ts';
import { findingsOf } from '../material.ts';
import { withFunctions } from './installer-functions.ts';

const on = { iotedge: { text: '1.1', major: 1, minor: 1 }, aziot: { text: '1.5', major: 1, minor: 5 } } as const;

/** What the installer reads from each file: the name, nothing, or that it cannot tell. */
function namesIn(version: keyof typeof on, texts: readonly string[]) {
  const folder = folderWith(Object.fromEntries(texts.map((text, index) => [`${index}`, text])));
  const loop = `n=0; while [ -e "$FOLDER/$n" ]; do
    if name=$(name_in "$FOLDER/$n" "$FORM"); then printf 'is %s\\0' "$name"; else printf 'odd\\0'; fi
    n=$((n + 1)); done`;
  return withFunctions({ version: on[version] }, loop, { FOLDER: folder }).split('\0').slice(0, -1);
}

function holds(version: keyof typeof on, cases: readonly (readonly [text: string, name: string | undefined])[]) {
  const found = namesIn(
    version,
    cases.map(([text]) => text),
  );
  const told = cases.map(([text], index) => [text, found[index]]);
  expect(told).toEqual(cases.map(([text, name]) => [text, name === undefined ? 'odd' : `is ${name}`]));
  for (const [text, name] of cases) {
    if (name) expect((version === 'iotedge' ? parseYaml(text) : parseToml(text)).hostname).toBe(name);
  }
}

describe('the name that the installer reads', () => {
  it('from config.yaml is the one that the daemon reads, or none', () => {
    holds('iotedge', [
      ['hostname: "edge-1"\n', 'edge-1'],
      ['a: 1\nhostname: "edge-1" # mine\nb: 2\n', 'edge-1'],
      ['hostname: "EDGE-1.plant.example"\r\nb: 2\r\n', 'EDGE-1.plant.example'],
      ['\uFEFFhostname: "edge-1"', 'edge-1'],
      ['hostname :   "edge-1"   \n', 'edge-1'],
      ['hostname: "a\\"b\\\\c"\n', 'a"b\\c'],
      ['hostname: "größe # 1"\n', 'größe # 1'],
      ["hostname: 'it''s \\'\n", "it's \\"],
      ['hostname: edge-1\n', 'edge-1'],
      ['hostname: 4c4c4544-0042 # a comment\n', '4c4c4544-0042'],
      ['hostname: 10.0.0.4\n', '10.0.0.4'],
      ['agent:\n  env:\n    hostname: "other"\nhostname: "edge-1"\n', 'edge-1'],
      ['# hostname: "old"\nhostname: "edge-1"\n', 'edge-1'],
    ]);
  });

  it('from config.yaml is none where there is only the placeholder of the package', () => {
    holds('iotedge', [
      ['hostname: "<ADD HOSTNAME HERE>"\n', ''],
      ['hostname:\n', ''],
      ['hostname: # none\nb: 1\n', ''],
      ['hostname: ""\n', ''],
      ['# hostname: "old"\n', ''],
      ['provisioning:\n  iothub_hostname: "a.azure-devices.net"\n', ''],
      ['', ''],
    ]);
  });

  it('from config.yaml is none that would be guessed', () => {
    holds(
      'iotedge',
      [
        'hostname: "a"\nhostname: "b"\n',
        'hostname: >-\n  edge-1\n',
        'hostname: "a\\tb"\n',
        'hostname: "a\\u0062"\n',
        'hostname: "a\n  b"\n',
        'hostname: "a" b\n',
        'hostname: 12\n',
        'hostname: 1e5\n',
        'hostname: true\n',
        'hostname: &name edge\n',
        'hostname:edge\n',
        '"hostname": "edge"\n',
        ' hostname: "edge"\n',
        '{agent: {}, hostname: "edge"}\n',
      ].map((text) => [text, undefined]),
    );
  });

  it('from 00-super.toml is that of the runtime’s two writers', () => {
    holds('aziot', [
      ['# auto-generated\n\nhostname = "edge-1"\nhomedir = "/h"\n', 'edge-1'],
      ['hostname = "EDGE.größe"\n', 'EDGE.größe'],
      ['hostname = "a\\"b\\\\c"\n', 'a"b\\c'],
      ["hostname = 'a\"b\\'\n", 'a"b\\'],
      ['hostname = "<ADD HOSTNAME HERE>"\n', '<ADD HOSTNAME HERE>'],
      ['homedir = "/h"\n[provisioning]\nhostname = "other"\n', ''],
      ['[provisioning]\niothub_hostname = "a"\nlocal_gateway_hostname = "b"\n', ''],
      ['hostname = "a\\u0062"\n', undefined],
      ['hostname = """\na"""\n', undefined],
      ["hostname = '''a'b\"c'''\n", undefined],
      ['hostname = 5\n', undefined],
      ['hostname =\n', undefined],
    ]);
  });
});

describe('the name of the machine', () => {
  const machineOf = (root: string) => withFunctions({}, `ROOT=${root} ME=$(id -u); machine_name`);
  const image = (text: string) => machineOf(folderWith({ 'etc/hostname': text }));

  it.each([
    ['edge-1\n', 'edge-1\n'],
    ['edge-1', 'edge-1\n'],
    ['# from the factory\n\n\t EDGE-1 \r\nother\n', 'EDGE-1\n'],
    // hostname(5): each ? becomes a digit at the first start.
    ['edge-????\n', ''],
    ['\n', ''],
    ['', ''],
  ])('of an image is what %j says', (text, name) => expect(image(text)).toBe(name));

  it('of an image is never one of the machine that builds it', () => {
    const folder = folderWith({ hostname: 'builder\n', 'image/data/hostname': 'edge-1\n', 'image/etc/x': '' });
    const root = join(folder, 'image');
    expect(machineOf(root)).toBe('');
    symlinkSync('/data/hostname', join(root, 'etc/hostname'));
    expect(machineOf(root)).toBe('edge-1\n');
    for (const outside of ['../../hostname', join(folder, 'hostname'), '/proc/sys/kernel/hostname']) {
      rmSync(join(root, 'etc/hostname'));
      symlinkSync(outside, join(root, 'etc/hostname'));
      expect(machineOf(root)).toBe('');
    }
  });

  it('of a device is that of its kernel', () => {
    const folder = folderWith({ uname: '#!/bin/sh\n[ "$*" = -n ] && echo Edge-1\n' });
    chmodSync(join(folder, 'uname'), 0o755);
    expect(withFunctions({}, 'ROOT=; machine_name', { PATH: `${folder}:${process.env.PATH}` })).toBe('Edge-1\n');
  });
});

/** A row of `hostname` in real-parsers.json. */
interface Row {
  readonly value: unknown;
  readonly machine?: string;
  readonly check?: { readonly [versions: string]: string };
  readonly apply: { readonly [version: string]: string };
}

/** What we say of a name: the checks of the manifest, then the installer on a machine, as `iotedge check` says it later. */
function verdicts(rows: readonly (readonly [hostname: string, machine: string])[], of: keyof typeof on) {
  const complaints = rows.map(([hostname, machine]) => {
    const names = [hostname, machine].map((text) => `'${text.replaceAll("'", "'\\''")}'`);
    const address = isAddress(hostname) ? 'yes' : '';
    return `HAS=; HOST_ADDRESS=${address}; HOST_NAME=${names[0]}; NAME=$HOST_NAME; MACHINE=${names[1]}
      check_host_name 2>&1 | grep -q . && echo error || echo`;
  });
  const told = withFunctions({ version: on[of] }, complaints.join('\n')).split('\n');
  return rows.map(([hostname], index) => {
    const findings = findingsOf({ version: on[of].text, hostname });
    if (findings.some(({ severity }) => severity === 'error') || told[index] === 'error') return 'error';
    return findings.length > 0 ? 'warning' : 'ok';
  });
}

describe('a name that iotedge check looks at', () => {
  it('is called what iotedge check calls it', () => {
    const rows = [
      ['edge-1.plant.example', 'edge-1'],
      ['EDGE-1', 'edge-1'],
      ['edge-10', 'edge-1'],
      ['plc_12', 'plc_12'],
      ['10.0.0.5', 'edge-1'],
      ['10.0.0.256', 'edge-1'],
      ['fe80::1%eth0', 'edge-1'],
      ["it's", "it's"],
    ] as const;
    expect(verdicts(rows, 'iotedge')).toEqual([
      ...['ok', 'error', 'error', 'warning', 'error', 'error', 'error', 'warning'],
    ]);
    expect(verdicts(rows, 'aziot')).toEqual(['ok', 'ok', 'error', 'warning', 'ok', 'error', 'error', 'warning']);
  });
});

it('a name is part of no command that the installer says to type', () => {
  const hostile = "a'; exit 9; '$(exit 9)";
  const script = `HAS= HOST_ADDRESS= MACHINE=edge-1 HOST_NAME=$HOSTILE NAME=$HOSTILE
    said=$(check_host_name 2>&1); said=\${said#*Type: }
    sudo() { printf '%s\\n' "$@"; }; eval "\${said%%; or set*}"`;
  expect(withFunctions({}, script, { HOSTILE: hostile })).toBe(`hostnamectl\nset-hostname\n${hostile}\n`);
});

describeNeeding(['../shared/reference'], 'what the real parsers and iotedge check say of a name', () => {
  const file = new URL('../../../../shared/reference/iotedge/real-parsers.json', import.meta.url);
  const all = JSON.parse(readFileSync(file, 'utf8'));
  const rows: readonly Row[] = all.hostname;
  const texts = rows.flatMap((row) => (typeof row.value === 'string' ? [{ ...row, value: row.value }] : []));

  it.each([
    ['iotedge', '1.0 and 1.1'],
    ['aziot', '1.2 to 1.6'],
  ] as const)('is what we say for %s', (of, versions) => {
    const ours = verdicts(
      texts.map(({ value, machine = '' }) => [value, machine]),
      of,
    );
    const theirs = texts.map(({ value, check = {} }) => {
      // Up to 1.1 iotedge check does not look at the 64 bytes of a common name, for which the daemon then makes no certificate.
      return of === 'iotedge' && Buffer.byteLength(value) > 64 ? 'error' : check[versions];
    });
    expect(texts.map(({ value }, index) => [value, ours[index]])).toEqual(
      texts.map(({ value }, index) => [value, theirs[index]]),
    );
  });

  it('is taken by every version, and by us unless it is empty or too long for a certificate', () => {
    for (const { value, apply } of texts) {
      expect(new Set(Object.values(apply))).toEqual(new Set(['accepted']));
      const errors = (version: string) =>
        findingsOf({ version, hostname: value }).filter((f) => f.severity === 'error');
      expect(errors('1.1').length, value).toBe(value === '' || value.length > 64 ? 1 : 0);
      expect(errors('1.5').length, value).toBe(value === '' ? 1 : 0);
    }
    const others = rows.filter(({ value }) => typeof value !== 'string');
    // The schema refuses a number; without a name each device has its own.
    expect(others.map(({ value }) => value)).toEqual([null, 7]);
    expect(findingsOf({})).toEqual([]);
  });

  it('of a parent is taken, unless it is empty', () => {
    const parents: readonly { readonly name: string; readonly value?: unknown }[] = all.parent_hostname;
    // The others are a number, and another key of the file, which no key of the manifest writes.
    const said = parents.flatMap(({ name, value }) => (name === JSON.stringify(value) ? [value] : []));
    expect(said).toContain(5);
    for (const value of said) {
      if (typeof value !== 'string') continue;
      const errors = findingsOf({ version: '1.5', config: { parentHostname: value } });
      expect(errors.map(({ rule }) => rule)).toEqual(value === '' ? ['config/hostname-unusable'] : []);
    }
  });
});
