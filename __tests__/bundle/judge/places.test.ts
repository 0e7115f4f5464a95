import { describe, expect, it } from 'vitest';
import { readPlaces } from '../../../src/bundle/judge/places.ts';
import { columnOf, configurationOf, deviceOf, findingsOf, type Wanted } from '../material.ts';

function uriOf(wanted: Wanted, key: 'identity_cert' | 'identity_pk' = 'identity_cert'): string | undefined {
  return new RegExp(`${key}: "(.*)"`).exec(configurationOf(wanted))?.[1];
}

describe('config/uri, of a Linux device', () => {
  it.each([
    ['certs/edge.pem', 'is a relative path'],
    ['~/edge.pem', 'is a relative path'],
    ['', 'is empty'],
    ['https://example.com/edge.pem', 'has the scheme "https:", expected "file:"'],
    [
      'pkcs11:token=a;object=b?pin-source=c',
      'is a PKCS#11 URI, which only private keys of IoT Edge 1.2 and later can be',
    ],
    ['file://server/share/edge.pem', 'has the host "server", expected none or localhost'],
    ['file://localhost:80/edge.pem', 'has a port, expected none'],
    ['file:///var/edge.pem?x=1', 'has a "?"'],
    ['file:///var/edge.pem?', 'has a "?"'],
    ['file:///var/edge#1.pem', 'has a "#"'],
    ['file:/var/edge.pem', 'without // after the colon'],
    ['file:var/edge.pem', 'without // after the colon'],
    ['file:///C:/edge.pem', 'is a Windows path'],
    ['file://C:/edge.pem', 'is a Windows path'],
    ['C:\\ProgramData\\edge.pem', 'is a Windows path'],
    ['C:/ProgramData/edge.pem', 'is a Windows path'],
    ['\\\\server\\edge.pem', 'is a Windows path'],
    ['file:///var\\edge.pem', 'is a Windows path'],
    ['/var/lib/', 'names a folder'],
    ['file:///', 'names a folder'],
    ['/var/a\nb.pem', 'has a line break'],
    ['file:///var/a%0Ab.pem', 'has an encoded control character'],
    ['file:///var/100%.pem', 'is no valid URI'],
    ['file:///var/a%2Fb.pem', 'is no valid URI'],
    ['/var/../etc/edge.pem', 'has a "." or ".."'],
    ['/var/./edge.pem', 'has a "." or ".."'],
    ['/var/edge/..', 'has a "." or ".."'],
    ['file:///var/../etc/edge.pem', 'has a "." or ".."'],
    ['file://localhost/../etc/edge.pem', 'has a "." or ".."'],
    ['file:///var/%2e%2E/etc/edge.pem', 'has a "." or ".."'],
    ['file:///var/.%2e/etc/edge.pem', 'has a "." or ".."'],
    ['file:///var/%2E/edge.pem', 'has a "." or ".."'],
  ])('refuses %j, which %s', (certificate, problem) => {
    const findings = findingsOf({ certificate });
    expect(findings).toMatchObject([{ rule: 'config/uri', severity: 'error', device: 'edge-001' }]);
    expect(findings[0]?.message).toContain('identity.certificate: ');
    expect(findings[0]?.message).toContain(problem);
    expect(findings[0]?.remedy).toContain('file:///var/lib/iotedge/identity/edge-001.pem');
    expect(findings[0]?.place?.column).toBe(columnOf('identity.certificate'));
    expect(() => configurationOf({ certificate })).toThrow(problem);
  });

  it.each([
    ['/var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['file:///var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['FILE://LocalHost/var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['//etc/edge.pem', 'file:///etc/edge.pem'],
    ['file:///a:b/edge.pem', 'file:///a:b/edge.pem'],
    ['/var/..secrets/.edge.pem', 'file:///var/..secrets/.edge.pem'],
  ])('takes %s', (certificate, uri) => {
    expect(findingsOf({ certificate })).toEqual([]);
    expect(uriOf({ certificate })).toBe(uri);
  });

  it('looks at the private key in the same way, and does not quote what may be a PIN', () => {
    const findings = findingsOf({ privateKey: 'pkcs11:token=a;object=secret-object' });
    expect(findings).toMatchObject([{ rule: 'config/uri' }]);
    expect(findings[0]?.message).toContain('identity.privateKey: "pkcs11:…"');
    expect(findings[0]?.message).not.toContain('secret-object');
    expect(findings[0]?.remedy).toContain('edge-001.key.pem');
  });

  it('refuses one file for certificate and key, also when it is written in two ways', () => {
    const findings = findingsOf({ certificate: '/var/edge.pem', privateKey: 'file:///var/%65dge.pem' });
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      { rule: 'config/uri', place: { column: columnOf('identity.privateKey') } },
    ]);
  });
});

describe('config/uri, where something else is written', () => {
  const linux = [
    '/etc/iotedge/config.yaml',
    '/etc/aziot/config.toml',
    '//etc//aziot///config.toml',
    'file:///etc/aziot/config%2Etoml',
    '/etc/aziot/config.toml.installing',
    '/etc/aziot/keyd/config.d/00-super.toml',
    '/etc/systemd/system/aziot-edged.service.d/proxy.conf',
    '/etc/systemd/system/iotedge.service.d/proxy.conf',
  ];
  const windows = ['C:\\ProgramData\\iotedge\\config.yaml', 'c:/programdata/IOTEDGE/config.yaml.before-install'];
  const cases = [
    ...linux.flatMap((path) => [{ path, version: '1.1' } as const, { path, version: '1.5' } as const]),
    ...windows.map((path) => ({ path, version: '1.1', platform: 'windows' }) as const),
  ];
  it.each(cases)('refuses $path ($version)', ({ path, ...runtime }) => {
    const files = { identity: { certificate: path }, config: { trustBundle: path } };
    expect(findingsOf({ ...runtime, ...files }).filter(({ rule }) => rule === 'config/uri')).toMatchObject([
      { message: expect.stringMatching(/^identity\.certificate: .* (lies (where|among)|has the name of) /) },
      { message: expect.stringMatching(/^config\.trustBundle: .* (lies (where|among)|has the name of) /) },
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
    expect(findingsOf({ id, hostname: 'edge' })).toMatchObject([
      { rule: 'config/path-needs-encoding', severity: 'warning' },
      { rule: 'config/path-needs-encoding', severity: 'warning' },
    ]);
    const uri = uriOf({ id, hostname: 'edge' });
    expect(uri).toBe(`file:///var/lib/iotedge/identity/${encodeURIComponent(id)}.pem`);
  });

  it('tells the file from its URI', () => {
    const findings = findingsOf({ certificate: 'file:///var/my%20certs/a.pem' });
    expect(findings[0]?.message).toContain('/var/my certs/a.pem');
    expect(findingsOf({ certificate: '/var/my certs/a.pem' })[0]?.message).toContain('/var/my certs/a.pem');
  });

  it('says nothing of characters that stand in a URI as they are', () => {
    expect(findingsOf({ id: "a:b*!(),+=@$';_.-1", hostname: 'edge' })).toEqual([]);
    expect(uriOf({ id: 'a:b*c', hostname: 'edge' })).toBe('file:///var/lib/iotedge/identity/a:b*c.pem');
  });
});

const windows = { platform: 'windows' } as const;

describe('config/uri, of a Windows device', () => {
  it.each([
    ['/var/edge.pem', 'is a path of Linux, on a Windows device'],
    ['file:///var/edge.pem', 'is no valid URI of a Windows path'],
    ['\\\\server\\share\\edge.pem', 'is a path without a drive'],
    ['\\edge.pem', 'is a path without a drive'],
    ['C:', 'is a path without a drive'],
    ['edge.pem', 'is a relative path'],
    ['C:\\', 'names a folder'],
    ['C:\\certs\\', 'names a folder'],
    ['C:\\certs\\..\\edge.pem', 'has a "." or ".."'],
    ['C:/certs/../edge.pem', 'has a "." or ".."'],
    ['file:///C:/certs/%2E%2E/edge.pem', 'has a "." or ".."'],
    ['C:\\certs\\edge:1.pem', 'has the character ":"'],
    ['C:\\certs\\edge?.pem', 'has the character "?"'],
    ['file:///C:/certs/edge%3F.pem', 'has the character "?"'],
    ['C:\\edge\\com1.pem', 'has the name "com1.pem", which Windows takes for one of its devices'],
    ['C:\\edge\\LPT².key.pem', 'has the name "LPT².key.pem"'],
    ['C:\\edge\\nul .pem', 'has the name "nul .pem"'],
    ['C:\\Aux\\edge.pem', 'has the name "Aux"'],
    ['file:///C:/edge/CON', 'has the name "CON"'],
    ['C:\\certs.\\edge.pem', 'ends in a dot or a space'],
    ['C:\\certs\\edge.pem ', 'ends in a dot or a space'],
    ['file:///C:\\certs\\edge.pem', 'is a URI with a backslash'],
    ['pkcs11:token=a;object=b', 'is a PKCS#11 URI'],
  ])('refuses %j, which %s', (certificate, problem) => {
    const findings = findingsOf({ ...windows, certificate });
    expect(findings).toMatchObject([{ rule: 'config/uri', place: { column: columnOf('identity.certificate') } }]);
    expect(findings[0]?.message).toContain(problem);
    expect(findings[0]?.remedy).toContain('file:///C:/ProgramData/iotedge/identity/edge-001.pem');
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
    expect(findingsOf({ ...windows, ...pair })).toMatchObject([{ rule: 'config/uri' }]);
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
    'pkcs11:id=%01%02',
    'pkcs11:object=a?pin-source=file:/run/pin',
  ])('takes %s as it is', (privateKey) => {
    expect(findingsOf({ ...module, privateKey })).toEqual([]);
    expect(readPlaces(deviceOf({ ...module, privateKey })).value?.privateKey).toEqual({ uri: privateKey });
  });

  it.each([
    ['pkcs11:token=edge', 'names no key'],
    ['pkcs11:', 'names no key'],
    ['pkcs11:token=edge?object=a', 'names no key'],
    ['pkcs11:object=a b', 'percent-encodes'],
    ['pkcs11:object=a"b', 'percent-encodes'],
    ['pkcs11:object=100%', 'percent-encodes'],
  ])('refuses %s, which %s', (privateKey, problem) => {
    const findings = findingsOf({ ...module, privateKey });
    expect(findings).toMatchObject([{ rule: 'config/uri', place: { column: columnOf('identity.privateKey') } }]);
    expect(findings[0]?.message).toContain(problem);
  });

  it('refuses a certificate there', () => {
    const certificate = 'pkcs11:object=edge';
    expect(findingsOf({ ...module, certificate })).toMatchObject([{ rule: 'config/uri' }]);
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

  it.each([
    ['config.trustBundle', { ...files, trustBundle: 'a.pem' }],
    ['config.edgeCa.certificate', { ...files, edgeCa: { ...files.edgeCa, certificate: '' } }],
    ['config.edgeCa.privateKey', { ...files, edgeCa: { ...files.edgeCa, privateKey: '/certs/b.pem' } }],
  ])('and refused as those: %s', (key, config) => {
    expect(findingsOf({ config })).toMatchObject([{ rule: 'config/uri', place: { column: columnOf(key) } }]);
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
