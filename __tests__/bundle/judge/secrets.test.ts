// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is looked for
import { describe, expect, it } from 'vitest';
import { secretsIn } from '../../../src/bundle/config/placeholders.ts';
import type { SecretKind } from '../../../src/rules/config.ts';
import { told } from '../../support/finding.ts';
import { columnOf, configurationOf, deviceOf, findingsOf, type Wanted } from '../material.ts';

describe('config/secret-in-manifest', () => {
  const secret = 'c2VjcmV0LXZhbHVl';
  it.each<[SecretKind, string, Wanted]>([
    ['shared-access-key', 'config.agent.env.X', { env: { X: `HostName=h;SharedAccessKey=${secret}` } }],
    ['storage-account-key', 'config.agent.env.X', { env: { X: `AccountName=a;accountkey = ${secret}` } }],
    ['shared-access-signature', 'config.agent.env.X', { env: { X: `SharedAccessSignature sr=h&${secret}` } }],
    ['shared-access-signature', 'config.agent.env.X', { env: { X: `https://a.blob/c?sv=1&sig=${secret}` } }],
    ['private-key', 'config.agent.env.X', { env: { X: `-----BEGIN EC PRIVATE KEY-----\n${secret}` } }],
    ['private-key', 'config.agent.env.X', { env: { X: `-----BEGIN PRIVATE KEY-----\n${secret}` } }],
    ['password-in-address', 'config.agent.env.https_proxy', { env: { https_proxy: `http://me:${secret}@proxy:3128` } }],
    ['password-in-address', 'config.agent.image', { image: `https://me:${secret}@registry.example/agent` }],
    ['password', 'config.agent.image', { image: `me:${secret}@registry.example/agent:1` }],
    ['shared-access-key', 'config.hostname', { hostname: `SharedAccessKey=${secret}` }],
    ['module-pin', 'identity.privateKey', { privateKey: `pkcs11:object=a?pin-value=${secret}` }],
    ['password-in-address', 'config.proxy.https', { config: { proxy: { https: `http://me:${secret}@proxy` } } }],
    [
      'password-in-address',
      'config.agent.registry.server',
      {
        config: {
          agent: { registry: { server: `https://me:${secret}@a.b`, username: 'me', passwordFrom: 'IOTEDGE_P' } },
        },
      },
    ],
    [
      'module-pin',
      'config.pkcs11.baseSlot',
      { version: '1.5', config: { pkcs11: { library: '/m.so', baseSlot: `pkcs11:token=a?pin-value=${secret}` } } },
    ],
    [
      'shared-access-key',
      'config.agent.createOptions.Labels.cloud',
      { config: { agent: { createOptions: { Labels: { cloud: `HostName=h;SharedAccessKey=${secret}` } } } } },
    ],
    [
      'by-name',
      'config.agent.createOptions.Env.1',
      { config: { agent: { createOptions: { Env: ['A=b', `DB_PASSWORD=${secret}`] } } } },
    ],
    ['password-in-address', 'identity.certificate', { certificate: `file://me:${secret}@host/a.pem` }],
  ])('finds %s in %s, and does not repeat it', (what, key, wanted) => {
    const findings = findingsOf(wanted);
    expect(findings).toMatchObject([{ rule: 'config/secret-in-manifest', place: { column: columnOf(key) } }]);
    expect(findings[0]).toMatchObject(told('config/secret-in-manifest', { key, what }));
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it.each([
    ...['PASSWORD', 'DB_PASSWD', 'clientSecret', 'TOKEN', 'API_KEY', 'apikey', 'ApiKey', 'CONNECTION_STRING'],
    ...['ConnectionString', 'CONNECTIONSTRING', 'SAS_KEY', 'SASKey', 'privateKey', 'AWS_ACCESS_KEY_ID', 'DbPassword2'],
    ...['MY_TOKENS', 'db-password', 'DB_PASSWORD_PROD'],
  ])('finds a secret by the name of the variable %s, and does not repeat it', (name) => {
    const findings = findingsOf({ env: { [name]: secret } });
    const key = `config.agent.env.${name}`;
    expect(findings).toMatchObject([{ rule: 'config/secret-in-manifest', place: { column: columnOf(key) } }]);
    expect(findings[0]).toMatchObject(told('config/secret-in-manifest', { key, what: 'by-name' }));
    expect(JSON.stringify(findings)).not.toContain(secret);
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

const registry = { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_PW' };
const module = { library: '/usr/lib/m.so', baseSlot: 'pkcs11:token=edge' };
const edgeCa = { certificate: '/ca.pem', privateKey: 'pkcs11:token=edge;object=ca' };

const pinned: Wanted = {
  version: '1.5',
  privateKey: 'pkcs11:token=edge;object=a',
  identity: { pinFrom: 'IOTEDGE_PIN' },
  config: { pkcs11: module, edgeCa, agent: { registry } },
};

function secretsOf(wanted: Wanted) {
  return secretsIn(configurationOf(wanted), deviceOf(wanted));
}

describe('the secrets that are filled in on the device', () => {
  it('are the password of the registry, as text', () => {
    const password = { variable: 'IOTEDGE_PW', placeholder: '${IOTEDGE_PW}', encoding: 'text' };
    expect(secretsOf({ config: { agent: { registry } } })).toEqual([
      { ...password, line: '      password: "${IOTEDGE_PW}"' },
    ]);
    expect(secretsOf({ version: '1.2', config: { agent: { registry } } })).toEqual([
      { ...password, line: 'password = "${IOTEDGE_PW}"' },
    ]);
  });

  it('are the PIN in every URI of the module, encoded for it', () => {
    const pin = { variable: 'IOTEDGE_PIN', placeholder: '${IOTEDGE_PIN}', encoding: 'uri' };
    expect(secretsOf(pinned)).toEqual([
      { ...pin, line: 'identity_pk = "pkcs11:token=edge;object=a?pin-value=${IOTEDGE_PIN}"' },
      { ...pin, line: 'pkcs11_base_slot = "pkcs11:token=edge?pin-value=${IOTEDGE_PIN}"' },
      { variable: 'IOTEDGE_PW', placeholder: '${IOTEDGE_PW}', encoding: 'text', line: 'password = "${IOTEDGE_PW}"' },
      { ...pin, line: 'pk = "pkcs11:token=edge;object=ca?pin-value=${IOTEDGE_PIN}"' },
    ]);
  });

  it('are told apart where one variable is both', () => {
    const both = {
      ...pinned,
      config: { ...pinned.config, agent: { registry: { ...registry, passwordFrom: 'IOTEDGE_PIN' } } },
    };
    expect(secretsOf(both).map(({ encoding }) => encoding)).toEqual(['uri', 'uri', 'text', 'uri']);
  });

  it('are none where none is named, and no PIN is written then', () => {
    expect(secretsOf({})).toEqual([]);
    const wanted = { ...pinned, identity: {}, config: { pkcs11: module, edgeCa } };
    expect(secretsOf(wanted)).toEqual([]);
    expect(configurationOf(wanted)).not.toContain('pin-value');
  });

  it('stand on lines that the file has once, and are not looked for in comments', () => {
    const lines = configurationOf(pinned).split('\n');
    for (const { line } of secretsOf(pinned)) expect(lines.filter((other) => other === line)).toHaveLength(1);
    const device = deviceOf({ config: { agent: { registry } } });
    expect(secretsIn('# password: "${IOTEDGE_PW}"\n', device)).toEqual([]);
  });
});

describe('config/placeholder', () => {
  const withRegistry = (more: object) => ({ agent: { registry, ...more } });

  it.each<[string, Wanted, string?]>([
    ['config.agent.env.X', { config: withRegistry({ env: { X: '${IOTEDGE_PW}' } }) }],
    ['config.agent.env.${IOTEDGE_PW}', { config: withRegistry({ env: { '${IOTEDGE_PW}': 'x' } }) }],
    ['config.agent.createOptions.password', { config: withRegistry({ createOptions: { password: '${IOTEDGE_PW}' } }) }],
    [
      'config.agent.createOptions.Labels.${IOTEDGE_PW}',
      { config: withRegistry({ createOptions: { Labels: { '${IOTEDGE_PW}': {} } } }) },
    ],
    ['config.agent.createOptions.Cmd.0', { config: withRegistry({ createOptions: { Cmd: ['a ${IOTEDGE_PW} b'] } }) }],
    [
      'config.proxy.noProxy',
      { config: { ...withRegistry({}), proxy: { https: 'http://a', noProxy: '${IOTEDGE_PW}' } } },
    ],
    [
      'config.network.ipam.0.gateway',
      { config: { ...withRegistry({}), network: { ipam: [{ gateway: '${IOTEDGE_PW}' }] } } },
    ],
    [
      'config.agent.env.X',
      { ...pinned, config: { ...pinned.config, agent: { env: { X: '${IOTEDGE_PIN}' } } } },
      '${IOTEDGE_PIN}',
    ],
  ])('tells a value that looks like a secret of the device: %s', (key, wanted, placeholder = '${IOTEDGE_PW}') => {
    const findings = findingsOf(wanted);
    expect(findings).toMatchObject([{ rule: 'config/placeholder', place: { column: columnOf(key) } }]);
    expect(findings[0]).toMatchObject(told('config/placeholder', { key, placeholder }));
  });

  it('lets variables of the runtime pass, and those of secrets that the device does not name', () => {
    expect(findingsOf({ env: { X: '${IOTEDGE_DEVICEID} ${IOTEDGE_PW} $IOTEDGE_PW' } })).toEqual([]);
    expect(findingsOf({ config: withRegistry({ env: { X: '${IOTEDGE_DEVICEID} $IOTEDGE_PW' } }) })).toEqual([]);
  });
});
