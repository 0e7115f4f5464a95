import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { describeNeeding } from '../../../support/needing.ts';
import { edited, provisioningParsed } from './toml-material.ts';

const section = `[provisioning]
source = "manual"
iothub_hostname = "contoso.azure-devices.net"
device_id = "edge-001"

[provisioning.authentication]
method = "x509"
identity_cert = "file:///var/aziot/certs/edge-001.pem"
identity_pk = "file:///var/aziot/secrets/edge-001.key.pem"
`;

describe('the section provisioning', () => {
  it('goes below the old one, which becomes a comment', () => {
    const old = `# ours
[provisioning] # how
source = "dps"
  # in between
id_scope = """
x"""
# behind

[agent.env]
A = "b"

[provisioning.attestation]
method = "tpm"
`;
    expect(edited(old)).toBe(`# ours
# [provisioning] # how
# source = "dps"
#   # in between
# id_scope = """
# x"""
# behind

[agent.env]
A = "b"

# [provisioning.attestation]
# method = "tpm"
${section}`);
  });

  it.each([
    ['without one, at the end', '[agent.env]\nA = "b"', `[agent.env]\nA = "b"\n\n${section.trimEnd()}`],
    ['in braces', 'provisioning = { source = "dps" }\n[x]\n', `# provisioning = { source = "dps" }\n[x]\n\n${section}`],
    [
      'by keys with dots',
      'provisioning.source = "dps"\n\n',
      `# provisioning.source = "dps"\n\n${section.trimEnd()}\n\n`,
    ],
    ['in an empty file', '', `${section}\n`],
    [
      'below the comment that shows it',
      '# [provisioning]\n# source = "dps"\n\n# [provisioning]\n# source = "manual"\n# method = "x509"\n\n# [x]\n',
      `# [provisioning]\n# source = "dps"\n\n# [provisioning]\n# source = "manual"\n# method = "x509"\n\n${section}\n# [x]\n`,
    ],
  ])('stands %s', (_, before, after) => {
    expect(edited(before)).toBe(after);
  });
});

describe('a setting', () => {
  const withoutSection = (text: string) => text.replace(`\n\n${section.trimEnd()}`, '');
  it.each<[string, string, string, unknown, string]>([
    ['replaces its value alone', 'hostname="a" # ours\n', 'hostname', 'b', 'hostname="b" # ours\n'],
    ['stays as it is written where it says the same', "hostname = 'a'\n", 'hostname', 'a', "hostname = 'a'\n"],
    ['of the top comes before the first header', 'x = 1\n[a]\n', 'hostname', 'b', 'x = 1\nhostname = "b"\n[a]\n'],
    [
      'goes below the comment that shows it',
      '# hostname = "my"\n\n[a]\n',
      'hostname',
      'b',
      '# hostname = "my"\nhostname = "b"\n\n[a]\n',
    ],
    ['begins a file without settings of the top', '[a]\n', 'hostname', 'b', 'hostname = "b"\n\n[a]\n'],
    ['goes behind the last of its section', '[a]\nx = 1\n# z\n\n# y\n', 'a.b', 2, '[a]\nx = 1\nb = 2\n# z\n\n# y\n'],
    ['goes into braces', 'a = { x = 1 } # c\n', 'a.b', 2, 'a = { x = 1, b = 2 } # c\n'],
    ['goes into empty braces', 'a = {}\n', 'a.b', 2, 'a = { b = 2 }\n'],
    ['is written by dots where they are', 'a.x = 1\na.y.z = 1\n', 'a.y.b', 2, 'a.x = 1\na.y.z = 1\na.y.b = 2\n'],
    ['gets a section', '[a]\nx = 1\n# of a\n\n[b]\n', 'a.c.d', 2, '[a]\nx = 1\n# of a\n\n[a.c]\nd = 2\n\n[b]\n'],
    ['gets the header that was implied', '# of b\n[a.b]\nx = 1\n', 'a.c', 2, '[a]\nc = 2\n\n# of b\n[a.b]\nx = 1\n'],
    [
      'replaces a section by braces',
      '[a.createOptions]\nx = 1\n[a.createOptions.y]\n\n[b]\n',
      'a.createOptions',
      { z: {} },
      '[a]\ncreateOptions = { z = {} }\n\n\n\n[b]\n',
    ],
    ['is a section if it is a flat map', '[a]\n', 'a.b', { x: 1, y: 'z' }, '[a]\n\n[a.b]\nx = 1\ny = "z"\n'],
    [
      'changes a section of its own in its place',
      '[a]\n# c\nx = 1 # d\ny = 1\n',
      'a',
      { x: 2, z: 3 },
      '[a]\n# c\nx = 2 # d\nz = 3\n',
    ],
  ])('%s', (_, before, path, value, after) => {
    expect(withoutSection(edited(before, [path, value]))).toBe(after);
  });

  it.each<[string, string, readonly (readonly [path: string, value: unknown])[], string]>([
    [
      'a section goes behind the settings of the top, also where a comment shows it before them',
      '# [a]\n\n# hostname = "my"\n\n',
      [
        ['hostname', 'b'],
        ['a.x', 1],
      ],
      '# [a]\n\n# hostname = "my"\nhostname = "b"\n\n[a]\nx = 1',
    ],
    [
      'a header goes behind a setting that stands above it',
      'x = 1\n# hostname = "my"\n[a.b]\n',
      [
        ['hostname', 'b'],
        ['a.x', 1],
      ],
      'x = 1\n# hostname = "my"\nhostname = "b"\n[a]\nx = 1\n\n[a.b]\n',
    ],
    [
      'a header goes behind a new setting at the same place',
      'c.y = 1\n[a.b]\n',
      [
        ['a.x', 1],
        ['c.x', 2],
      ],
      'c.y = 1\nc.x = 2\n[a]\nx = 1\n\n[a.b]\n',
    ],
    [
      'a comment inside of a value shows nothing',
      'a = [\n  # hostname = "my"\n]\n',
      [['hostname', 'b']],
      'a = [\n  # hostname = "my"\n]\nhostname = "b"\n',
    ],
    [
      'a comment between the settings of a section shows no place for another',
      '[a]\nx = 1\n# [b]\n\ny = 2\n',
      [['b.z', 3]],
      '[a]\nx = 1\n# [b]\n\ny = 2\n\n[b]\nz = 3\n',
    ],
  ])('%s', (_, before, set, after) => {
    const text = edited(before, ...set);
    expect(withoutSection(text).trimEnd()).toBe(after.trimEnd());
  });

  it('keeps the line ends of Windows and the byte order mark', () => {
    const before = '\uFEFF[a]\r\nx = 1\r\n';
    const after = edited(before, ['a.b', 2]);
    expect(after.startsWith('\uFEFF[a]\r\nx = 1\r\nb = 2\r\n')).toBe(true);
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
  });
});

const templates = new URL('../../../../../shared/reference/iotedge/config.toml/', import.meta.url);

describeNeeding(['../shared/reference'], 'the packages’ own templates', () => {
  it.each(['1.2.10', '1.6.1'])('keep all comments: %s', (version) => {
    const text = readFileSync(new URL(`${version}/template.toml`, templates), 'utf8');
    const after = edited(
      text,
      ['hostname', 'press-1'],
      ['trust_bundle_cert', 'file:///var/aziot/certs/trust.pem'],
      ['agent.name', 'edgeAgent'],
      ['agent.config.createOptions', { HostConfig: { Binds: ['/a:/b'] } }],
      ['edge_ca.cert', 'file:///var/aziot/certs/ca.pem'],
    );
    const lines = text.split('\n');
    const kept = after.split('\n').filter((line) => line.startsWith('#') || line.trim() === '');
    expect(kept.filter((line) => line.startsWith('#'))).toEqual(lines.filter((line) => line.startsWith('#')));
    expect(parse(after)).toEqual({
      hostname: 'press-1',
      trust_bundle_cert: 'file:///var/aziot/certs/trust.pem',
      provisioning: provisioningParsed,
      agent: { name: 'edgeAgent', config: { createOptions: { HostConfig: { Binds: ['/a:/b'] } } } },
      edge_ca: { cert: 'file:///var/aziot/certs/ca.pem' },
    });
    // Where a person would put them.
    for (const [shown, line] of [
      ['# hostname = "my-device"', 'hostname = "press-1"'],
      [
        '# trust_bundle_cert = "file:///var/secrets/trust-bundle.pem"',
        'trust_bundle_cert = "file:///var/aziot/certs/trust.pem"',
      ],
    ] as const)
      expect(after.split('\n')[after.split('\n').indexOf(shown) + 1]).toBe(line);
    const before = after.slice(0, after.indexOf('[provisioning]\nsource = "manual"\niothub'));
    expect(before.split('\n').findLast((line) => line.startsWith('##'))).toBe('## identity certificate');
  });
});
