import { X509Certificate } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pairCertificates } from '../../src/identity/pairs.ts';
import { readFleet } from '../../src/manifest/read.ts';
import { provision } from '../../src/provision.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { type Issued, issue, issueAuthority, joined } from '../support/chain.ts';
import { requestWithoutHub, worldWithoutHub } from '../support/check.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { expectedAt } from './schema-words.ts';

const runtime = '  runtime: { version: "1.1", platform: debian }\n  config: { hostname: edge.example }\n';
const from = (patterns: string, defaults = runtime) =>
  `hub: a.example\ndefaults:\n${defaults}devices: { from: ${patterns} }\n`;

/** Renders the fleet of these manifests and files; a name as content is a certificate for it. */
async function render(files: Readonly<Record<string, string>>, prepare: (folder: string) => void = () => {}) {
  const folder = folderWith();
  for (const [path, content] of Object.entries(files)) {
    const text = content.includes('\n') || content === '' ? content : (await certificate(content)).pem;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  prepare(folder);
  const report = await provision(
    requestWithoutHub(folder, ['**/*.yaml', '**/*.json'], 'render'),
    worldWithoutHub(openWorkspace(folder), { now: () => new Date() }),
  );
  const findings = report.findings.filter(
    ({ rule }) => !['runtime/out-of-support', 'thumbprint/single'].includes(rule),
  );
  return {
    devices: report.bundles.map(({ device }) => device),
    bundles: report.bundles,
    seen: findings.map(({ rule, place }) => `${rule} ${place?.file}:${place?.line}:${place?.column}`),
    findings,
  };
}

const made = new Map<string, Promise<Issued>>();
function certificate(name: string): Promise<Issued> {
  const known = made.get(name) ?? (name.startsWith('CA') ? issueAuthority(name) : issue(name));
  made.set(name, known);
  return known;
}

describe('devices from certificates', () => {
  it('have their common names for ids, and what the defaults say but for certificates', async () => {
    const defaults = `${runtime}  certificates: { secondary: "other/{id}.pem" }\n  status: disabled\n`;
    const { devices, seen, bundles } = await render({
      'plant/devices.yaml': from('certs/*.pem', defaults),
      'plant/certs/edge-2-primary.pem': 'edge-2',
      'plant/certs/edge-1.pem': 'edge-1',
      'plant/certs/text.txt': 'no certificate\n',
      'plant/other/edge-1.pem': 'edge-9',
    });
    expect(seen).toEqual([]);
    expect(devices).toEqual(['edge-1', 'edge-2']);
    const [bundle] = bundles;
    const pem = (await certificate('edge-1')).pem;
    expect(bundle?.files.find(({ name }) => name === 'identity-certificate.pem')?.text).toBe(pem);
  });

  it('come from several globs, also in JSON; primary and secondary as the names say', async () => {
    const { devices, seen } = await render({
      'devices.json': `${JSON.stringify({
        hub: 'a.example',
        defaults: { runtime: { version: '1.1', platform: 'debian' }, config: { hostname: 'edge.example' } },
        devices: { from: ['old/*.pem', 'new/**/*.{crt,pem}'] },
      })}\n`,
      'old/edge-1-secondary.pem': (await issue('edge-1')).pem,
      'new/deep/edge-1-primary.crt': (await issue('edge-1')).pem,
    });
    expect(seen).toEqual([]);
    expect(devices).toEqual(['edge-1']);
  });

  it('stand beside those of a list, and the same id twice is told', async () => {
    const { seen, findings } = await render({
      'a.yaml': from('certs/*.pem'),
      'b.yaml': `hub: a.example\ndefaults:\n${runtime}devices:\n  - id: edge-1\n    certificates: { primary: certs/edge-1.pem }\n`,
      'certs/edge-1.pem': 'edge-1',
    });
    expect(seen).toEqual(['device/duplicate b.yaml:6:9']);
    expect(findings[0]).toMatchObject(told('device/duplicate', { id: 'edge-1', first: 'a.yaml:5' }));
  });

  it('are judged as ever, at the glob that found them, and the message names the file', async () => {
    const late = await issue('edge-1', { from: -20, to: -1 });
    const { seen, findings, devices } = await render({
      'devices.yaml': from('[old/*.pem, certs/*.pem]'),
      'old/edge-0.pem': 'edge-0',
      'certs/edge-1.pem': late.pem,
      'certs/edge-2.pem': 'hello\n',
      'certs/edge-3.pem': 'edge 3',
      'certs/ca.pem': 'CA',
    });
    expect(seen.map((text) => text.split(' ')[0]).sort()).toEqual([
      'certificate/authority-left-out',
      'certificate/expired',
      'certificate/unreadable',
      'device/id-characters',
    ]);
    expect(new Set(findings.map(({ place }) => `${place?.line}:${place?.column}`))).toEqual(new Set(['5:30']));
    const said = [
      told('certificate/authority-left-out', { path: 'certs/ca.pem' }),
      told('certificate/unreadable', { path: 'certs/edge-2.pem', problem: { kind: 'no-certificate' } }),
      told('device/id-characters', { id: 'edge 3', problem: { commonNameOf: 'certs/edge-3.pem' } }),
    ];
    for (const one of said) expect(findings).toContainEqual({ ...one, place: at('devices.yaml', 5, 30) });
    expect(findings.find(({ rule }) => rule === 'certificate/expired')?.message).toContain('certs/edge-1.pem');
    expect(devices).toEqual([]);
  });

  it('private keys among the files are told once, at the glob', async () => {
    const label = ['PRIVATE', 'KEY'].join(' ');
    const { seen } = await render({
      'devices.yaml': from('certs/*'),
      'certs/edge-1.pem': 'edge-1',
      'certs/edge-1.key.pem': `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`,
    });
    expect(seen).toEqual(['certificate/private-key-present devices.yaml:5:18']);
  });

  it('a link out of the workspace is refused', async () => {
    const outside = folderWith({ 'edge-1.pem': (await certificate('edge-1')).pem });
    const { seen } = await render({ 'devices.yaml': from('certs/edge-1.pem'), 'certs/x.txt': '' }, (folder) =>
      symlinkSync(join(outside, 'edge-1.pem'), join(folder, 'certs/edge-1.pem')),
    );
    expect(seen).toEqual(['certificate/outside-workspace devices.yaml:5:18']);
  });

  it('a manifest’s folder may have a name that looks like a glob', async () => {
    const { seen, devices } = await render({
      'plant [1]{x}*/devices.yaml': from('certs/*.pem'),
      'plant [1]{x}*/certs/a.pem': 'edge-1',
      'plant 1x/certs/a.pem': 'edge-2',
    });
    expect(seen).toEqual([]);
    expect(devices).toEqual(['edge-1']);
  });

  it.each([
    ['matches nothing', 'none/*.pem', 'none/*.pem', 'certs/*.pem'],
    ['is a folder', 'certs', 'certs', 'certs/*.pem'],
    ['has {id} in it', '"certs/{id}-primary.pem"', 'certs/{id}-primary.pem', '"certs/*-primary.pem"'],
    ['lies outside', '../*.pem', '../*.pem', 'certs/*.pem'],
    ['matches authorities alone', 'certs/*.pem', 'certs/*.pem', 'certs/*.pem'],
  ])('a glob that %s is told with what to write', async (_, written, pattern, instead) => {
    const { findings } = await render({ 'devices.yaml': from(written), 'certs/ca.pem': 'CA' });
    const [empty] = findings.filter(({ severity }) => severity === 'error');
    expect(empty).toEqual({ ...told('manifest/empty', { from: pattern }), place: at('devices.yaml', 5, 18) });
    expect(empty?.remedy).toContain(instead);
  });
});

describe('folders as other tools write them', () => {
  it('certGen.sh of Azure/iotedge: each certificate alone and with its chain', async () => {
    const root = await issueAuthority('Azure_IoT_Hub_CA_Cert_Test_Only');
    const middle = await issueAuthority('Azure_IoT_Hub_Intermediate_Cert_Test_Only', { by: root });
    const ca = await issueAuthority('edge-001.ca', { by: middle });
    const leaf = await issue('edge-001', { by: middle });
    const { devices, bundles, seen } = await render({
      'devices.yaml': from('certs/*.pem'),
      'certs/azure-iot-test-only.root.ca.cert.pem': root.pem,
      'certs/azure-iot-test-only.intermediate.cert.pem': middle.pem,
      'certs/azure-iot-test-only.intermediate-full-chain.cert.pem': joined(middle, root),
      'certs/iot-edge-device-ca-edge-001.cert.pem': ca.pem,
      'certs/iot-edge-device-ca-edge-001-full-chain.cert.pem': joined(ca, middle, root),
      'certs/iot-edge-device-identity-edge-001.cert.pem': leaf.pem,
      'certs/iot-edge-device-identity-edge-001-full-chain.cert.pem': joined(leaf, middle, root),
    });
    expect(devices).toEqual(['edge-001']);
    const carried = bundles[0]?.files.find(({ name }) => name === 'identity-certificate.pem');
    expect(carried?.text).toBe(joined(leaf, middle, root));
    expect(seen).toEqual(Array(3).fill('certificate/authority-left-out devices.yaml:5:18'));
  });

  it('az iot edge devices create: the device has a self-signed certificate that may sign, also when it is renewed', async () => {
    const root = await issueAuthority('Azure_IoT_CLI_Extension_Cert');
    const ca = await issueAuthority('edge-001.deviceca', { by: root });
    const now = await issueAuthority('edge-001', { from: -300 });
    const files = {
      'devices.yaml': from('"certs/**/*.pem"'),
      'certs/edge-001.cert.pem': ca.pem,
      'certs/edge-001.full-chain.cert.pem': joined(ca, root),
      'certs/edge-001.hub-auth-cert.pem': now.pem,
      'certs/iotedge_config_cli_root.pem': root.pem,
    };
    const leftOut = Array(2).fill('certificate/authority-left-out devices.yaml:5:18');
    const use = ['certificate/is-ca devices.yaml:5:18', 'certificate/no-digital-signature devices.yaml:5:18'];
    const first = await render(files);
    expect(first.devices).toEqual(['edge-001']);
    expect(first.seen.sort()).toEqual([...leftOut, ...use].sort());
    expect(first.bundles[0]?.files.find(({ name }) => name === 'identity-certificate.pem')?.text).toBe(now.pem);

    const next = await issueAuthority('edge-001');
    const both = await render({ ...files, 'certs/next/edge-001.hub-auth-cert.pem': next.pem });
    expect(both.devices).toEqual(['edge-001']);
    const install = both.bundles[0]?.files.find(({ name }) => name === 'install.sh')?.text ?? '';
    for (const { pem } of [now, next]) {
      const thumbprint = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
      expect(install.toUpperCase()).toContain(thumbprint);
    }
  });
});

describe('devices written in a wrong way', () => {
  const list = expectedAt('/properties/devices');
  const globs = expectedAt('/properties/devices/properties/from');
  const glob = expectedAt('/properties/devices/properties/from/items');
  const devicesAre = (found: string) =>
    told('manifest/type', { key: 'devices', expected: list, found, remedy: 'device' });
  const fromIs = (found: string, expected = globs) =>
    told('manifest/type', { key: 'devices.from', expected, found, remedy: 'from' });
  const unknown = (key: string, suggestion?: string) =>
    told('manifest/unknown-key', {
      key,
      where: 'devices',
      known: ['from'],
      ...(suggestion === undefined ? {} : { suggestion }),
    });

  it.each<[string, string, ReturnType<typeof told>, column: number]>([
    ['a map of ids', '{ edge-1: {}, edge-2: {} }', devicesAre('a map'), 10],
    ['an empty map', '{}', devicesAre('a map'), 10],
    ['text', 'certs/*.pem', devicesAre('"certs/*.pem"'), 10],
    ['from misspelt', '{ frm: certs/*.pem }', unknown('frm', 'from'), 12],
    ['another key beside from', '{ from: c/a.pem, except: x }', unknown('except'), 27],
    ['from a map', '{ from: {} }', fromIs('a map'), 18],
    ['from nothing', '{ from: }', fromIs('nothing'), 18],
    ['from an empty list', '{ from: [] }', fromIs('a list'), 18],
    ['from a blank', '{ from: " " }', fromIs('" "'), 18],
    ['from a list of numbers', '{ from: [1] }', fromIs('the number 1', glob), 19],
  ])('%s', async (_, devices, said, column) => {
    const { findings } = await render({
      'devices.yaml': `hub: a.example\ndefaults:\n${runtime}devices: ${devices}\n`,
      'c/a.pem': 'edge-1',
    });
    expect(findings).toEqual([{ ...said, place: at('devices.yaml', 5, column) }]);
    expect(findings[0]?.remedy).toMatch(/- id: edge-001|from/);
  });
});

describe('a certificate behind a link', () => {
  it('is found like any other, and one that leads outside is refused', async () => {
    const linked = await render({ 'fleet.yaml': from('certs/*.pem'), 'store/a.pem': 'a' }, (folder) => {
      mkdirSync(join(folder, 'certs'));
      symlinkSync('../store/a.pem', join(folder, 'certs/a.pem'));
    });
    expect(linked.bundles.map(({ device }) => device)).toEqual(['a']);
    const outside = await render({ 'fleet.yaml': from('certs/*.pem') }, (folder) => {
      mkdirSync(join(folder, 'certs'));
      symlinkSync('/etc/hostname', join(folder, 'certs/b.pem'));
    });
    expect(outside.findings.map(({ rule }) => rule)).toContain('certificate/outside-workspace');
  });
});

describe('a search that does not see everything', () => {
  const bound = { most: 7, of: 'folders' } as const;

  /** Reads a manifest whose search for `pattern` ends early. */
  async function read(patterns: readonly string[], endsEarly: string) {
    const workspace = openWorkspace(
      folderWith({ 'fleet.yaml': from('certs/*.pem'), 'certs/a.pem': (await issue('a')).pem }),
    );
    const find = async (wanted: readonly string[]) => {
      return { ...(await workspace.find(wanted)), ...(wanted.includes(endsEarly) ? { bound } : {}) };
    };
    return readFleet(patterns, { ...workspace, find }, async (paths) => pairCertificates(paths, workspace));
  }

  it('for certificates is an error at the glob', async () => {
    const { value, findings } = await read(['fleet.yaml'], 'certs/*.pem');
    expect(value.devices.map(({ id }) => id)).toEqual(['a']);
    const said = told('manifest/search-bound', { pattern: 'certs/*.pem', bound });
    expect(findings).toEqual([{ ...said, place: at('fleet.yaml', 5, 18) }]);
  });

  it('for manifests is an error in the name of the glob', async () => {
    const { findings } = await read(['*.yaml'], '*.yaml');
    const said = told('manifest/search-bound', { pattern: '*.yaml', bound });
    expect(findings).toEqual([{ ...said, place: at('*.yaml', 1, 1) }]);
  });

  it('that ends as it should is none', async () => {
    expect((await read(['*.yaml'], 'other.yaml')).findings).toEqual([]);
  });
});

describe('a link to a folder outside of the workspace', () => {
  // The search for manifests meets the link too.
  const atGlob = (seen: readonly string[]) => seen.filter((text) => text.includes('fleet.yaml'));

  it('is not followed, names nothing outside, and is told at the glob', async () => {
    const outside = folderWith({ 'edge-1.pem': (await certificate('edge-1')).pem });
    const { seen, findings, devices } = await render(
      { 'fleet.yaml': from('"**/*.pem"'), 'edge-2.pem': 'edge-2' },
      (folder) => symlinkSync(outside, join(folder, 'x')),
    );
    expect(atGlob(seen)).toEqual(['manifest/link-not-followed fleet.yaml:5:18']);
    expect(findings).toContainEqual(
      expect.objectContaining(told('manifest/link-not-followed', { pattern: '**/*.pem', links: ['x'] })),
    );
    expect(JSON.stringify(findings)).not.toContain('edge-1');
    expect(devices).toEqual(['edge-2']);
  });

  it('is told beside the fault, if all certificates are behind it', async () => {
    const { seen, devices } = await render({ 'fleet.yaml': from('x/**/*.pem') }, (folder) =>
      symlinkSync('/', join(folder, 'x')),
    );
    expect(atGlob(seen)).toEqual(['manifest/link-not-followed fleet.yaml:5:18', 'manifest/empty fleet.yaml:5:18']);
    expect(devices).toEqual([]);
  });

  it('is followed inside the workspace, without a word', async () => {
    const { seen, devices } = await render({ 'fleet.yaml': from('x/*.pem'), 'store/a.pem': 'a' }, (folder) =>
      symlinkSync('store', join(folder, 'x')),
    );
    expect(seen).toEqual([]);
    expect(devices).toEqual(['a']);
  });
});
