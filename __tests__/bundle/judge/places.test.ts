import { describe, expect, it } from 'vitest';
import { readPlaces } from '../../../src/bundle/judge/places.ts';
import type { DetailsOf } from '../../../src/rules/rules.ts';
import type { PlaceProblem, PlainPlaceProblem } from '../../../src/rules/uri.ts';
import { told } from '../../support/finding.ts';
import { columnOf, configurationOf, deviceOf, findingsOf, type Wanted } from '../material.ts';

function uriOf(wanted: Wanted, key: 'identity_cert' | 'identity_pk' = 'identity_cert'): string | undefined {
  return new RegExp(`${key}: "(.*)"`).exec(configurationOf(wanted))?.[1];
}

/** A place that is refused, why, and what the finding quotes, where that is not the place itself. */
type Refused = [place: string, problem: PlainPlaceProblem | PlaceProblem, shown?: string];

function problemOf(problem: PlainPlaceProblem | PlaceProblem): PlaceProblem {
  return typeof problem === 'string' ? { kind: problem } : problem;
}

function refused(key: string, details: Omit<DetailsOf['config/uri'], 'key'>) {
  return { ...told('config/uri', { key, ...details }), place: { column: columnOf(key) } };
}

describe('config/uri, of a Linux device', () => {
  it.each<Refused>([
    ['certs/edge.pem', 'relative-path'],
    ['~/edge.pem', 'relative-path'],
    ['', 'empty'],
    ['https://example.com/edge.pem', { kind: 'scheme', scheme: 'https' }, 'https:…'],
    ['pkcs11:token=a;object=b?pin-source=c', 'not-in-module', 'pkcs11:…'],
    ['file://server/share/edge.pem', { kind: 'host', host: 'server' }],
    ['file://localhost:80/edge.pem', 'port'],
    ['C:\\ProgramData\\edge.pem', 'windows-path'],
    ['C:/ProgramData/edge.pem', 'windows-path'],
    ['\\\\server\\edge.pem', 'windows-path'],
    ['/var/lib/', 'folder'],
    ['file:///', 'folder'],
    ['file:', 'folder'],
    ['file:///var/edge/..', 'folder'],
    ['file:///var/?edge.pem', 'folder'],
    ['/var/a\nb.pem', 'control-character'],
    ['file:///var/a%0Ab.pem', 'encoded-control-character'],
    ['file:///var/%FF.pem', 'invalid-uri'],
    ['file:///var/a%00.pem', 'encoded-control-character'],
    ['/var/../etc/edge.pem', 'dots'],
    ['/var/./edge.pem', 'dots'],
    ['/var/edge/..', 'dots'],
  ])('refuses %j: %j', (certificate, problem, shown = certificate) => {
    const expected = 'file:///var/lib/iotedge/identity/edge-001.pem';
    const finding = refused('identity.certificate', { value: shown, problem: problemOf(problem), expected });
    expect(findingsOf({ certificate })).toMatchObject([
      { ...finding, device: 'edge-001', hub: 'contoso.azure-devices.net' },
    ]);
    expect(readPlaces(deviceOf({ certificate })).value).toBeUndefined();
    expect(() => configurationOf({ certificate })).toThrow(finding.message);
  });

  it.each([
    ['/var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['file:///var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['FILE://LocalHost/var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['file:/var/edge.pem', 'file:///var/edge.pem'],
    ['file:////var/edge.pem', 'file:///var/edge.pem'],
    ['file:///var/a%2Fb.pem', 'file:///var/a/b.pem'],
    ['file:///var/100%.pem', 'file:///var/100%25.pem'],
    ['file:///var/my edge.pem', 'file:///var/my%20edge.pem'],
    ['//etc/edge.pem', 'file:///etc/edge.pem'],
    ['file:///a:b/edge.pem', 'file:///a:b/edge.pem'],
    ['/var/..secrets/.edge.pem', 'file:///var/..secrets/.edge.pem'],
  ])('takes %s', (certificate, uri) => {
    expect(findingsOf({ certificate })).toEqual([]);
    expect(uriOf({ certificate })).toBe(uri);
  });

  it.each([
    ['file:///var/edge.pem?x=1', '/var/edge.pem'],
    ['file:///var/edge.pem?', '/var/edge.pem'],
    ['file:///var/edge#1.pem', '/var/edge'],
    ['file:var/edge.pem', '/var/edge.pem'],
    ['file:///C:/edge.pem', '/C:/edge.pem'],
    ['file://C:/edge.pem', '/C:/edge.pem'],
    ['file:///var\\edge.pem', '/var/edge.pem'],
    ['file:///var/../etc/edge.pem', '/etc/edge.pem'],
    ['file://localhost/../etc/edge.pem', '/etc/edge.pem'],
    ['file:///var/%2e%2E/etc/edge.pem', '/etc/edge.pem'],
    ['file:///var/.%2e/etc/edge.pem', '/etc/edge.pem'],
    ['file:///var/%2E/edge.pem', '/var/edge.pem'],
    [' file:///var/edge.pem ', '/var/edge.pem'],
  ])('takes %j as the runtime does, for %s, and says so', (certificate, path) => {
    const details = { key: 'identity.certificate', value: certificate, path };
    const finding = { ...told('config/uri-read-otherwise', details), severity: 'warning' };
    expect(findingsOf({ certificate })).toMatchObject([{ ...finding, place: { column: columnOf(details.key) } }]);
    expect(uriOf({ certificate })).toBe(`file://${path}`);
  });

  it('sees where a place ends, not how it is written', () => {
    const kind = 'runtime-configuration';
    const certificate = 'file:///var/../etc/aziot/config.toml';
    expect(findingsOf({ certificate }).filter(({ severity }) => severity === 'error')).toMatchObject([
      refused('identity.certificate', {
        value: 'file:///etc/aziot/config.toml',
        problem: { kind },
        expected: 'file:///var/lib/iotedge/identity/edge-001.pem',
      }),
    ]);
  });

  it('looks at the private key in the same way, and does not quote what may be a PIN', () => {
    const findings = findingsOf({ privateKey: 'pkcs11:token=a;object=secret-object' });
    expect(findings).toHaveLength(1);
    const expected = 'file:///var/lib/iotedge/identity/edge-001.key.pem';
    const details = { value: 'pkcs11:…', problem: { kind: 'not-in-module' }, expected } as const;
    expect(findings).toMatchObject([refused('identity.privateKey', details)]);
    expect(JSON.stringify(findings)).not.toContain('secret-object');
  });

  it('refuses one file for certificate and key, also when it is written in two ways', () => {
    const findings = findingsOf({ certificate: '/var/edge.pem', privateKey: 'file:///var/%65dge.pem' });
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      refused('identity.privateKey', {
        value: 'file:///var/edge.pem',
        problem: { kind: 'taken', other: 'identity.certificate' },
        expected: 'file:///var/lib/iotedge/identity/edge-001.key.pem',
      }),
    ]);
  });
});

describe('config/uri, where something else is written', () => {
  const linux = [
    ['/etc/iotedge/config.yaml', 'runtime-configuration'],
    ['/etc/aziot/config.toml', 'runtime-configuration'],
    ['//etc//aziot///config.toml', 'runtime-configuration', 'file:///etc/aziot/config.toml'],
    ['file:///etc/aziot/config%2Etoml', 'runtime-configuration', 'file:///etc/aziot/config.toml'],
    ['/etc/aziot/config.toml.installing', 'runtime-configuration'],
    ['/etc/aziot/keyd/config.d/00-super.toml', 'daemon-configuration'],
    ['/etc/systemd/system/aziot-edged.service.d/proxy.conf', 'systemd-settings'],
    ['/etc/systemd/system/iotedge.service.d/proxy.conf', 'systemd-settings'],
  ] as const;
  const windows = [
    ['C:\\ProgramData\\iotedge\\config.yaml', 'file:///C:/ProgramData/iotedge/config.yaml'],
    ['c:/programdata/IOTEDGE/config.yaml.before-install', 'file:///c:/programdata/IOTEDGE/config.yaml.before-install'],
  ] as const;
  const identity = '/var/lib/iotedge/identity';
  const cases = [
    ...linux.flatMap(([path, kind, shown]) => {
      const uri = shown ?? `file://${path}`;
      return [
        { path, kind, uri, version: '1.1', folder: identity } as const,
        { path, kind, uri, version: '1.5', folder: '/var/aziot/certs' } as const,
      ];
    }),
    ...windows.map(([path, uri]) => {
      const runtime = { version: '1.1', platform: 'windows', folder: '/C:/ProgramData/iotedge/identity' } as const;
      return { path, kind: 'runtime-configuration', uri, ...runtime } as const;
    }),
  ];
  it.each(cases)('refuses $path ($version)', ({ path, kind, uri: value, folder, ...runtime }) => {
    const files = { identity: { certificate: path }, config: { trustBundle: path } };
    expect(findingsOf({ ...runtime, ...files }).filter(({ rule }) => rule === 'config/uri')).toMatchObject([
      refused('identity.certificate', { value, problem: { kind }, expected: `file://${folder}/edge-001.pem` }),
      refused('config.trustBundle', { value, problem: { kind }, expected: `file://${folder}/trust-bundle.pem` }),
    ]);
  });

  it.each([
    ['1.5', 'debian', '/etc/aziot/pki/edge.pem'],
    ['1.1', 'linux', '/etc/iotedge/edge.pem'],
    ['1.5', 'debian', '/etc/aziot/edge.pem'],
    ['1.5', 'debian', '/data/etc/aziot/config.toml'],
    ['1.1', 'windows', 'C:\\ProgramData\\iotedge\\pki\\edge.pem'],
  ] as const)('not, on %s %s: %s', (version, platform, certificate) => {
    expect(findingsOf({ version, platform, certificate })).toEqual([]);
  });
});

describe('config/path-needs-encoding', () => {
  it.each(['a#1', 'a?', '100%'])('warns of the default place of device %s, and encodes it once', (id) => {
    const path = `/var/aziot/certs/${id}.pem`;
    expect(findingsOf({ id, version: '1.2', hostname: 'edge' })).toMatchObject([
      { ...told('config/path-needs-encoding', { key: 'identity.certificate', path }), severity: 'warning' },
    ]);
    const text = configurationOf({ id, version: '1.2', hostname: 'edge' });
    expect(text).toContain(`identity_cert = "file:///var/aziot/certs/${encodeURIComponent(id)}.pem"`);
    expect(text).toContain(`identity_pk = "file:///var/aziot/secrets/${encodeURIComponent(id)}.key.pem"`);
  });

  it('says nothing of keys, nor up to 1.1: there iotedge check decodes the path', () => {
    expect(findingsOf({ version: '1.6', privateKey: '/var/my keys/a.pem' })).toEqual([]);
    expect(findingsOf({ version: '1.1', certificate: '/var/my certs/a.pem' })).toEqual([]);
  });

  it('tells the file from its URI', () => {
    const details = { key: 'identity.certificate', path: '/var/my certs/a.pem' };
    const finding = { ...told('config/path-needs-encoding', details), place: { column: columnOf(details.key) } };
    for (const certificate of ['file:///var/my%20certs/a.pem', '/var/my certs/a.pem'])
      expect(findingsOf({ version: '1.5', certificate })).toMatchObject([finding]);
  });

  it('says nothing of characters that stand in a URI as they are', () => {
    expect(findingsOf({ id: "a:b*!(),+=@$';_.-1", version: '1.5', hostname: 'edge' })).toEqual([]);
    expect(uriOf({ id: 'a:b*c', hostname: 'edge' })).toBe('file:///var/lib/iotedge/identity/a:b*c.pem');
  });
});

const windows = { platform: 'windows' } as const;

describe('config/uri, of a Windows device', () => {
  it.each<Refused>([
    ['/var/edge.pem', 'linux-path'],
    ['file:///var/edge.pem', 'invalid-windows-uri'],
    ['\\\\server\\share\\edge.pem', 'no-drive'],
    ['\\edge.pem', 'no-drive'],
    ['C:', 'no-drive'],
    ['edge.pem', 'relative-path'],
    ['C:\\', 'folder'],
    ['C:\\certs\\', 'folder'],
    ['C:\\certs\\..\\edge.pem', 'dots'],
    ['C:/certs/../edge.pem', 'dots'],
    ['file:///C:/certs/%2E%2E/edge.pem', 'dots'],
    ['C:\\certs\\edge:1.pem', { kind: 'windows-character', character: ':' }],
    ['C:\\certs\\edge?.pem', { kind: 'windows-character', character: '?' }],
    ['file:///C:/certs/edge%3F.pem', { kind: 'windows-character', character: '?' }],
    ['C:\\edge\\com1.pem', { kind: 'windows-device', name: 'com1.pem' }],
    ['C:\\edge\\LPT².key.pem', { kind: 'windows-device', name: 'LPT².key.pem' }],
    ['C:\\edge\\nul .pem', { kind: 'windows-device', name: 'nul .pem' }],
    ['C:\\Aux\\edge.pem', { kind: 'windows-device', name: 'Aux' }],
    ['file:///C:/edge/CON', { kind: 'windows-device', name: 'CON' }],
    ['C:\\certs.\\edge.pem', 'dot-or-space-at-end'],
    ['C:\\certs\\edge.pem ', 'dot-or-space-at-end'],
    ['file:///C:\\certs\\edge.pem', 'backslash'],
    ['pkcs11:token=a;object=b', 'not-in-module', 'pkcs11:…'],
  ])('refuses %j: %j', (certificate, problem, shown = certificate) => {
    const expected = 'file:///C:/ProgramData/iotedge/identity/edge-001.pem';
    expect(readPlaces(deviceOf({ ...windows, certificate })).value).toBeUndefined();
    expect(findingsOf({ ...windows, certificate })).toMatchObject([
      refused('identity.certificate', { value: shown, problem: problemOf(problem), expected }),
    ]);
  });

  it.each([
    ['C:\\certs\\edge.pem', 'file:///C:/certs/edge.pem', 'C:\\certs\\edge.pem'],
    ['C:\\com10\\nul-1.aux', 'file:///C:/com10/nul-1.aux', 'C:\\com10\\nul-1.aux'],
    ['c:/certs/edge.pem', 'file:///c:/certs/edge.pem', 'c:\\certs\\edge.pem'],
    ['file:///C:/certs/edge.pem', 'file:///C:/certs/edge.pem', 'C:\\certs\\edge.pem'],
    ['file://localhost/C:/certs/edge.pem', 'file:///C:/certs/edge.pem', 'C:\\certs\\edge.pem'],
    ["C:\\it's\\$edge`.pem", "file:///C:/it's/$edge%60.pem", "C:\\it's\\$edge`.pem"],
  ])('takes %s', (certificate, uri, path) => {
    const errors = findingsOf({ ...windows, certificate }).filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([]);
    expect(readPlaces(deviceOf({ ...windows, certificate })).value?.certificate).toEqual({ uri, path });
  });

  it('tells two places that differ by case alone, which are one file there', () => {
    const pair = { certificate: 'C:\\edge.PEM', privateKey: 'file:///c:/EDGE.pem' };
    const problem = { kind: 'taken', other: 'identity.certificate' } as const;
    const expected = 'file:///C:/ProgramData/iotedge/identity/edge-001.key.pem';
    expect(readPlaces(deviceOf({ ...windows, ...pair })).value).toBeUndefined();
    expect(findingsOf({ ...windows, ...pair })).toMatchObject([
      refused('identity.privateKey', { value: 'file:///c:/EDGE.pem', problem, expected }),
    ]);
    expect(findingsOf({ certificate: '/edge.PEM', privateKey: '/EDGE.pem' })).toEqual([]);
  });

  it.each([
    ['nul', '%6Eul'],
    ['COM1', '%43OM1'],
    ['aux.1', '%61ux.1'],
    ['nul-1', 'nul-1'],
    ['com10', 'com10'],
  ])('has no file that it would take for a device of its own: %s', (id, name) => {
    const { value } = readPlaces(deviceOf({ ...windows, id }));
    expect(value?.certificate.path).toBe(`C:\\ProgramData\\iotedge\\identity\\${name}.pem`);
    expect(value?.privateKey.path).toBe(`C:\\ProgramData\\iotedge\\identity\\${name}.key.pem`);
    expect(readPlaces(deviceOf({ id })).value?.certificate.path).toBe(`/var/lib/iotedge/identity/${id}.pem`);
  });

  it('has the id in the default names, encoded where no file there could be called so', () => {
    const { value } = readPlaces(deviceOf({ ...windows, id: 'a:b%1' }));
    expect(value?.certificate.path).toBe('C:\\ProgramData\\iotedge\\identity\\a%3Ab%251.pem');
    expect(value?.privateKey.path).toBe('C:\\ProgramData\\iotedge\\identity\\a%3Ab%251.key.pem');
  });
});

describe('config/uri, of a key in a security module', () => {
  const module = { version: '1.5', config: { pkcs11: { library: '/usr/lib/m.so' } } };

  it.each([
    'pkcs11:token=edge;object=edge-001',
    'pkcs11:slot-id=0;object=device%20id',
    'pkcs11:token=my edge;object=100%',
  ])('takes %s as it is', (privateKey) => {
    expect(findingsOf({ ...module, privateKey })).toEqual([]);
    expect(readPlaces(deviceOf({ ...module, privateKey })).value?.privateKey).toEqual({ uri: privateKey });
  });

  it.each<[string, PlainPlaceProblem]>([
    ['pkcs11:object=edge', 'module-place'],
    ['pkcs11:', 'module-place'],
    ['pkcs11:Token=edge;object=a', 'module-place'],
    ['pkcs11:object=edge?token=a', 'module-place'],
    ['PKCS11:token=edge;object=a', 'module-scheme'],
    ['pkcs11:slot-id=0x1;object=a', 'module-slot'],
    ['pkcs11:slot-id=18446744073709551616;object=a', 'module-slot'],
    ['pkcs11:token=%FF;object=a', 'module-not-utf8'],
  ])('refuses %s: %s', (privateKey, kind) => {
    const expected = 'pkcs11:token=TOKEN;object=LABEL';
    expect(readPlaces(deviceOf({ ...module, privateKey })).value).toBeUndefined();
    expect(findingsOf({ ...module, privateKey })).toMatchObject([
      refused('identity.privateKey', { value: 'pkcs11:…', problem: { kind }, expected }),
    ]);
  });

  it('refuses a certificate there', () => {
    const expected = 'file:///var/aziot/certs/edge-001.pem';
    expect(readPlaces(deviceOf({ ...module, certificate: 'pkcs11:object=edge' })).value).toBeUndefined();
    expect(findingsOf({ ...module, certificate: 'pkcs11:object=edge' })).toMatchObject([
      refused('identity.certificate', { value: 'pkcs11:…', problem: { kind: 'not-in-module' }, expected }),
    ]);
  });
});

describe('the places of the other files', () => {
  const files = { trustBundle: '/certs/a.pem', edgeCa: { certificate: '/certs/b.pem', privateKey: '/keys/b.pem' } };

  it('are read as those of the pair', () => {
    expect(readPlaces(deviceOf({ config: files })).value).toMatchObject({
      trustBundle: { uri: 'file:///certs/a.pem', path: '/certs/a.pem' },
      edgeCa: { certificate: { uri: 'file:///certs/b.pem' }, privateKey: { uri: 'file:///keys/b.pem' } },
    });
  });

  it.each<[string, NonNullable<Wanted['config']>, string, PlaceProblem, string]>([
    ['config.trustBundle', { ...files, trustBundle: 'a.pem' }, 'a.pem', { kind: 'relative-path' }, 'trust-bundle.pem'],
    [
      'config.edgeCa.certificate',
      { ...files, edgeCa: { ...files.edgeCa, certificate: '' } },
      '',
      { kind: 'empty' },
      'edge-ca.pem',
    ],
    [
      'config.edgeCa.privateKey',
      { ...files, edgeCa: { ...files.edgeCa, privateKey: '/certs/b.pem' } },
      'file:///certs/b.pem',
      { kind: 'taken', other: 'config.edgeCa.certificate' },
      'edge-ca.key.pem',
    ],
  ])('and refused as those: %s', (key, config, value, problem, file) => {
    const expected = `file:///var/lib/iotedge/identity/${file}`;
    expect(findingsOf({ config })).toMatchObject([refused(key, { value, problem, expected })]);
  });

  it.each([
    [
      '1.1',
      'debian',
      'file:///var/lib/iotedge/identity/edge-001.pem',
      'file:///var/lib/iotedge/identity/edge-001.key.pem',
    ],
    [
      '1.1',
      'linux',
      'file:///var/lib/iotedge/identity/edge-001.pem',
      'file:///var/lib/iotedge/identity/edge-001.key.pem',
    ],
    ['1.2', 'debian', 'file:///var/aziot/certs/edge-001.pem', 'file:///var/aziot/secrets/edge-001.key.pem'],
    ['1.6', 'linux', 'file:///var/aziot/certs/edge-001.pem', 'file:///var/aziot/secrets/edge-001.key.pem'],
  ] as const)('are for the pair of %s on %s those of the runtime', (version, platform, certificate, privateKey) => {
    const { value } = readPlaces(deviceOf({ version, platform }));
    expect(value).toMatchObject({ certificate: { uri: certificate }, privateKey: { uri: privateKey } });
  });
});
