import { describe, expect, it } from 'vitest';
import { renderBundles } from '../../src/bundle/render.ts';
import { columnOf, identityOf, type Wanted } from './material.ts';

/** The findings of one device but for the notice that every version rendered here gets. */
function findingsOf(wanted: Wanted) {
  return renderBundles([identityOf(wanted)]).findings.filter(({ rule }) => rule !== 'runtime/out-of-support');
}

function uriOf(wanted: Wanted, key: 'identity_cert' | 'identity_pk' = 'identity_cert'): string | undefined {
  const text = renderBundles([identityOf(wanted)]).value[0]?.files[0]?.text;
  return new RegExp(`${key}: "(.*)"`).exec(text ?? '')?.[1];
}

describe('config/uri', () => {
  it.each([
    ['certs/edge.pem', 'is a relative path'],
    ['~/edge.pem', 'is a relative path'],
    ['', 'is empty'],
    ['https://example.com/edge.pem', 'has the scheme "https:", expected "file:"'],
    ['pkcs11:token=a;object=b?pin-source=c', 'is a PKCS#11 URI, which begins with IoT Edge 1.2'],
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
    expect(renderBundles([identityOf({ certificate })]).value).toEqual([]);
  });

  it.each([
    ['/var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['file:///var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['FILE://LocalHost/var/secrets/edge.pem', 'file:///var/secrets/edge.pem'],
    ['//etc/edge.pem', 'file:///etc/edge.pem'],
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

describe('config/hostname', () => {
  it.each([
    ['', 'is empty'],
    ['7-edge', 'does not begin with a letter'],
    ['-edge', 'does not begin with a letter'],
    ['edge-', 'does not end with a letter or a digit'],
    ['edge_1', 'has the character "_"'],
    ['édge', 'has the character "é"'],
    ['edge..local', 'has an empty label'],
    ['edge.', 'has an empty label'],
    ['edge.7.local', 'has the label "7"'],
    ['a'.repeat(64), 'has 64 characters, expected at most 63'],
    [`${'a'.repeat(32)}.${'b'.repeat(32)}`, 'has 65 characters, expected at most 64'],
  ])('refuses %j, which %s', (hostname, problem) => {
    const findings = findingsOf({ hostname });
    expect(findings).toMatchObject([{ rule: 'config/hostname', place: { column: columnOf('config.hostname') } }]);
    expect(findings[0]?.message).toContain('config.hostname, ');
    expect(findings[0]?.message).toContain(problem);
  });

  it.each(['e', 'edge-7.LOCAL', 'a'.repeat(63), `${'a'.repeat(32)}.${'b'.repeat(31)}`])('takes %s', (hostname) => {
    expect(findingsOf({ hostname })).toEqual([]);
  });

  it('takes the id in lower case where none is given, and says so when that cannot be', () => {
    const { value, findings } = renderBundles([identityOf({ id: 'EDGE-1' })]);
    expect(value[0]?.files[0]?.text).toContain('hostname: "edge-1"\n');
    expect(findings.map(({ rule }) => rule)).toEqual(['runtime/out-of-support']);
    expect(findingsOf({ id: '7EDGE' })[0]?.message).toContain('made from the device id, "7edge"');
  });
});

describe('config/secret-in-manifest', () => {
  const secret = 'c2VjcmV0LXZhbHVl';
  it.each<[string, string, Wanted]>([
    ['a shared access key', 'config.agent.env.X', { env: { X: `HostName=h;SharedAccessKey=${secret}` } }],
    ['a storage account key', 'config.agent.env.X', { env: { X: `AccountName=a;accountkey = ${secret}` } }],
    ['a shared access signature', 'config.agent.env.X', { env: { X: `SharedAccessSignature sr=h&${secret}` } }],
    ['a shared access signature', 'config.agent.env.X', { env: { X: `https://a.blob/c?sv=1&sig=${secret}` } }],
    ['a private key', 'config.agent.env.X', { env: { X: `-----BEGIN EC PRIVATE KEY-----\n${secret}` } }],
    ['a private key', 'config.agent.env.X', { env: { X: `-----BEGIN PRIVATE KEY-----\n${secret}` } }],
    [
      'a password in an address',
      'config.agent.env.https_proxy',
      { env: { https_proxy: `http://me:${secret}@proxy:3128` } },
    ],
    ['a password in an address', 'config.agent.image', { image: `https://me:${secret}@registry.example/agent` }],
    ['a password', 'config.agent.image', { image: `me:${secret}@registry.example/agent:1` }],
    ['a shared access key', 'config.hostname', { hostname: `SharedAccessKey=${secret}` }],
    ['the PIN of a security module', 'identity.privateKey', { privateKey: `pkcs11:object=a?pin-value=${secret}` }],
    ['a password in an address', 'identity.certificate', { certificate: `file://me:${secret}@host/a.pem` }],
  ])('finds %s in %s, and does not repeat it', (what, key, wanted) => {
    const findings = findingsOf(wanted);
    expect(findings).toMatchObject([{ rule: 'config/secret-in-manifest', place: { column: columnOf(key) } }]);
    expect(findings[0]?.message).toBe(`${key} holds ${what}`);
    expect(JSON.stringify(renderBundles([identityOf(wanted)]))).not.toContain(secret);
  });

  it.each([
    ...['PASSWORD', 'DB_PASSWD', 'clientSecret', 'TOKEN', 'API_KEY', 'apikey', 'ApiKey', 'CONNECTION_STRING'],
    ...['ConnectionString', 'CONNECTIONSTRING', 'SAS_KEY', 'SASKey', 'privateKey', 'AWS_ACCESS_KEY_ID', 'DbPassword2'],
    ...['MY_TOKENS', 'db-password', 'DB_PASSWORD_PROD'],
  ])('finds a secret by the name of the variable %s, and does not repeat it', (name) => {
    const findings = findingsOf({ env: { [name]: secret } });
    expect(findings).toMatchObject([{ rule: 'config/secret-in-manifest' }]);
    expect(findings[0]?.message).toBe(`config.agent.env.${name} holds a value whose name says that it is a secret`);
    expect(JSON.stringify(renderBundles([identityOf({ env: { [name]: secret } })]))).not.toContain(secret);
  });

  it.each([
    ['TOKEN_LIFETIME_SECONDS', '3600'],
    ['TOKEN_LIFETIME_HOURS', '-0.5'],
    ['USE_TOKEN', 'true'],
    ['requirePassword', 'False'],
    ['PASSWORD', ''],
    ['PASSWORD', ' '],
    ['PASSWORD_FILE', '/run/secrets/password'],
    ['SharedAccessKeyName', 'device'],
    ['TOKENIZER', 'words'],
    ['SECRETARY', 'somebody'],
    ['KEYBOARD', 'de'],
    ['UpstreamProtocol', 'AmqpWs'],
  ])('lets the variable %s=%s pass', (name, value) => {
    expect(findingsOf({ env: { [name]: value } })).toEqual([]);
  });

  it.each<[string, Wanted]>([
    ['a key’s name', { env: { X: 'SharedAccessKeyName=device' } }],
    ['a word that ends in sig', { env: { X: 'design=1' } }],
    ['a public certificate', { env: { X: '-----BEGIN CERTIFICATE-----' } }],
    ['an address with a user alone', { env: { X: 'http://me@proxy:3128' } }],
    ['an address with a port', { env: { https_proxy: 'http://proxy:3128' } }],
    ['an image with port, tag and digest', { image: `localhost:5000/agent:1.1@sha256:${'a'.repeat(64)}` }],
    ['an image with tag and digest', { image: `agent:1.1@sha256:${'a'.repeat(64)}` }],
  ])('lets %s pass', (_, wanted) => {
    expect(findingsOf(wanted)).toEqual([]);
  });
});

describe('config/unsupported-by-version', () => {
  it.each<[string, Wanted, string]>([
    ['IoT Edge 1.0.9 has no manual provisioning', { version: '1.0.9' }, 'runtime.version'],
    ['IoT Edge 0.9 has no manual provisioning', { version: '0.9' }, 'runtime.version'],
    ['IoT Edge 1.2 reads config.toml', { version: '1.2' }, 'runtime.version'],
    ['IoT Edge 1.5 reads config.toml', { version: '1.5' }, 'runtime.version'],
    ['IoT Edge 1.7 is not known', { version: '1.7' }, 'runtime.version'],
    ['IoT Edge 2.0 is not known', { version: '2.0' }, 'runtime.version'],
    ['platform linux', { platform: 'linux' }, 'runtime.platform'],
    ['platform windows', { platform: 'windows' }, 'runtime.platform'],
    ['nested edge begins with IoT Edge 1.2', { parent: 'gateway' }, 'parent'],
    ['nested edge begins with IoT Edge 1.2', { parent: 'gateway', version: '1.0' }, 'parent'],
  ])('says that %s', (message, wanted, key) => {
    const findings = findingsOf(wanted);
    expect(findings).toMatchObject([{ rule: 'config/unsupported-by-version', place: { column: columnOf(key) } }]);
    expect(findings[0]?.message).toContain(message);
    expect(renderBundles([identityOf(wanted)]).value).toEqual([]);
  });

  it('leaves the parent to the versions that know one', () => {
    const findings = findingsOf({ parent: 'gateway', version: '1.2' });
    expect(findings.map(({ place }) => place?.column)).toEqual([columnOf('runtime.version')]);
  });

  it.each(['1.0', '1.0.10', '1.1', '1.1.15'])('lets %s pass', (version) => {
    expect(findingsOf({ version })).toEqual([]);
  });
});

describe('runtime/out-of-support', () => {
  it.each([
    ['1.0', 'since February 2021'],
    ['1.0.10', 'since February 2021'],
    ['1.1', 'since 2022-12-13'],
    ['1.1.15', 'since 2022-12-13'],
  ])('is noticed of %s, %s, and no obstacle', (version, since) => {
    const { value, findings } = renderBundles([identityOf({ version })]);
    expect(value).toHaveLength(1);
    expect(findings).toMatchObject([
      { rule: 'runtime/out-of-support', severity: 'notice', place: { column: columnOf('runtime.version') } },
    ]);
    expect(findings[0]?.message).toContain(since);
  });

  it.each(['1.0.9', '1.5'])('says nothing of %s, which is not rendered', (version) => {
    expect(renderBundles([identityOf({ version })]).findings.map(({ rule }) => rule)).toEqual([
      'config/unsupported-by-version',
    ]);
  });
});

describe('a finding of a value that several devices share', () => {
  it('is said once, of no device in particular', () => {
    const { findings } = renderBundles(['a', 'b', 'c'].map((id) => identityOf({ id })));
    expect(findings).toMatchObject([{ rule: 'runtime/out-of-support', device: undefined }]);
    const hostname = (line: number, index: number) => identityOf({ id: `a${index}`, hostname: '7_up', line });
    const errors = (...lines: number[]) =>
      renderBundles(lines.map(hostname)).findings.filter(({ severity }) => severity === 'error');
    expect(errors(1, 1)).toMatchObject([{ rule: 'config/hostname', device: undefined }]);
    expect(errors(1, 2)).toMatchObject([{ device: 'a0' }, { device: 'a1' }]);
  });

  it('is said once a file where it is a notice, though a CSV has a cell for every device', () => {
    const { findings } = renderBundles(['a', 'b'].map((id, line) => identityOf({ id, line: line + 1 })));
    expect(findings).toMatchObject([{ rule: 'runtime/out-of-support', device: undefined }]);
  });
});
