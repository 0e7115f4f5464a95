// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are part of what it is about
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ownName } from '../../../src/bundle/config/own-name.ts';
import { filesOf } from '../../../src/bundle/files.ts';
import { renderInitializer } from '../../../src/bundle/install/windows.ts';
import { judgeDevice } from '../../../src/bundle/judge/judge.ts';
import type { Places } from '../../../src/bundle/judge/places.ts';
import type { DeviceConfig, Runtime } from '../../../src/model/fleet.ts';
import type { Identity } from '../../../src/model/identity.ts';
import { fc, times } from '../../support/property.ts';
import { hubOfDevice, identityOf, now, type Wanted } from '../material.ts';
import { powershell } from './powershell.ts';

const read = await powershell();

interface More {
  readonly config?: Partial<DeviceConfig>;
  readonly runtime?: Partial<Runtime>;
  readonly carried?: boolean;
}

function onWindows(wanted: Wanted = {}, more: More = {}): Identity {
  const identity = identityOf({ ...wanted, platform: 'windows' }, more.carried === false ? {} : { primary: 'PEM\n' });
  const { device } = identity;
  const config = { ...device.config, ...more.config };
  return { ...identity, device: { ...device, config, runtime: { ...device.runtime, ...more.runtime } } };
}

function judged(identity: Identity) {
  const { value, findings } = judgeDevice(identity.device, now);
  return { places: value, errors: findings.filter(({ severity }) => severity === 'error') };
}

function render(identity: Identity): string {
  const { places, errors } = judged(identity);
  if (places === undefined) throw new Error(JSON.stringify(errors));
  return renderInitializer(identity, hubOfDevice(identity.device), { places });
}

const settings = (identity: Identity) => Object.fromEntries(read(render(identity)).settings);

const registry = { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_REGISTRY' };
const edgeCa = { certificate: 'C:\\ca\\ca.pem', privateKey: 'C:\\ca\\ca.key.pem' };
const everything: More = {
  config: {
    agent: { image: 'contoso.azurecr.io/agent:1.1', env: {}, registry },
    edgeCa,
    trustBundle: 'C:\\ca\\bundle.pem',
    proxy: { https: 'http://proxy:3128', noProxy: 'localhost,.local' },
    dynamicReprovisioning: true,
  },
  runtime: { securityDaemonScript: 'C:\\edge\\IotEdgeSecurityDaemon.ps1' },
};

describe('the script of a Windows device', () => {
  it('is beside the configuration and the certificate', () => {
    const identity = onWindows();
    const { places } = judged(identity);
    const files = filesOf(identity, hubOfDevice(identity.device), { places: places!, base: undefined });
    expect(files.map(({ name }) => name)).toEqual([
      'config.yaml',
      'identity-certificate.pem',
      'Initialize-IoTEdge.ps1',
    ]);
    const onLinux = filesOf(identityOf(), hubOfDevice(identity.device), { places: places!, base: undefined });
    expect(onLinux.map(({ name }) => name)).not.toContain('Initialize-IoTEdge.ps1');
  });

  it('holds what the manifest says, and nothing where it is silent', () => {
    const hub = 'contoso.azure-devices.net:8443';
    const id = 'A'.repeat(40);
    expect(settings(onWindows({ hub, hubForm: 'device' })).HubHostName).toEqual(['contoso.device.azure-devices.net']);
    expect(settings(onWindows({ id: 'edge-001', hub }, { carried: false }))).toMatchObject({
      Runtime: ['1.1'],
      DeviceId: ['edge-001'],
      HubHostName: ['contoso.azure-devices.net'],
      Thumbprints: [id, id],
      Certificate: ['C:\\ProgramData\\iotedge\\identity\\edge-001.pem'],
      PrivateKey: ['C:\\ProgramData\\iotedge\\identity\\edge-001.key.pem'],
      BundledCertificate: [''],
      BundledConfiguration: ['config.yaml'],
      ContainerOs: ['Windows'],
      AgentImage: ['mcr.microsoft.com/azureiotedge-agent:1.1'],
      RegistryUsername: [''],
      RegistryPasswordFrom: [''],
      EdgeCaCertificate: [''],
      EdgeCaPrivateKey: [''],
      TrustBundle: [''],
      HttpsProxy: [''],
      NoProxy: [''],
      SecurityDaemonScript: [''],
    });
    expect(settings(onWindows({}, everything))).toMatchObject({
      BundledCertificate: ['identity-certificate.pem'],
      AgentImage: ['contoso.azurecr.io/agent:1.1'],
      RegistryUsername: ['puller'],
      RegistryPasswordFrom: ['IOTEDGE_REGISTRY'],
      EdgeCaCertificate: ['C:\\ca\\ca.pem'],
      EdgeCaPrivateKey: ['C:\\ca\\ca.key.pem'],
      TrustBundle: ['C:\\ca\\bundle.pem'],
      HttpsProxy: ['http://proxy:3128'],
      NoProxy: ['localhost,.local'],
      SecurityDaemonScript: ['C:\\edge\\IotEdgeSecurityDaemon.ps1'],
    });
    expect(render(onWindows({}, everything))).toContain('\r\n$DynamicReprovisioning = $true\r\n');
    expect(render(onWindows())).toContain('\r\n$DynamicReprovisioning = $false\r\n');
  });

  it('is the body of the source, with the lines of Windows, and parses', () => {
    const [head = '', tail = ''] = readFileSync('src/bundle/install/Initialize-IoTEdge.ps1', 'utf8').split(
      '#SETTINGS#\n',
    );
    for (const identity of [onWindows(), onWindows({}, everything)]) {
      const text = render(identity);
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]|#SETTINGS#/);
      expect(text.replaceAll('\r\n', '\n').startsWith(head)).toBe(true);
      expect(text.replaceAll('\r\n', '\n').endsWith(tail)).toBe(true);
      expect(read(text).errors).toEqual([]);
      expect(errorsOfPowerShell(text)).toEqual('');
    }
  });

  it('knows the line for the device’s own host name, with Linux containers and a name of the manifest none', () => {
    const script = (identity: Identity) => {
      const { places } = judged(identity);
      const files = filesOf(identity, hubOfDevice(identity.device), { places: places!, base: undefined });
      const textOf = (name: string) => files.find((file) => file.name === name)?.text ?? '';
      const { NameLine, NameBefore, NameAfter } = Object.fromEntries(read(textOf('Initialize-IoTEdge.ps1')).settings);
      return { line: NameLine?.[0] ?? '', around: [NameBefore?.[0], NameAfter?.[0]], config: textOf('config.yaml') };
    };
    const { line, around, config } = script(onWindows());
    expect(config.split('\n').filter((one) => one === line)).toHaveLength(1);
    expect(line).toContain(`hostname: "${ownName}" # `);
    expect(around).toEqual(['hostname: "', '"']);
    expect(script(onWindows({ hostname: 'edge' })).line).toBe('');
    expect(script(onWindows({}, { runtime: { containerOs: 'linux' } })).line).toBe('');
  });

  it('reads the host name of an existing config.yaml as the daemon does, or says that it cannot', () => {
    const form = /\$form = '(.*)'\r\n/.exec(render(onWindows()))?.[1]?.replaceAll("''", "'") ?? '';
    const nameIn = (text: string) => {
      const found = [...text.matchAll(new RegExp(form.replace('(?m)', ''), 'gm'))];
      const { text: double, line, plain } = found[0]?.groups ?? {};
      return found.length === 1
        ? (double?.replace(/\\(.)/g, '$1') ?? line?.replaceAll("''", "'") ?? plain ?? '')
        : undefined;
    };
    for (const [text, name] of [
      ["hostname: 'EDGE-1'\r\nb: 2\r\n", 'EDGE-1'],
      ['a: 1\nhostname: "a\\"b\\\\c" # mine\n', 'a"b\\c'],
      ["hostname: 'it''s'\n", "it's"],
      ['hostname: edge-1\n', 'edge-1'],
      ['hostname: 10.0.0.4 # c\r\n', '10.0.0.4'],
    ] as const) {
      expect(nameIn(text)).toBe(name);
      expect(parseYaml(text).hostname).toBe(name);
    }
    for (const text of ['hostname:\n', 'hostname: # none\n', 'hostname: ""\n']) expect(nameIn(text)).toBe('');
    for (const text of [
      ...['hostname: >-\n  a\n', 'hostname: "a\\tb"\n', 'hostname: "a" b\n', 'hostname:a\n', ' hostname: "a"\n'],
      ...['hostname: "a\n  b"\n', 'hostname: "a"\nhostname: "b"\n', "hostname: 'a'b'\n", 'iothub_hostname: "a"\n'],
    ])
      expect(nameIn(text), text).toBeUndefined();
  });

  it('uses no variable that nothing sets', () => {
    const text = render(onWindows());
    const settable = [...text.matchAll(/(?:^|[\s({;])\$(\w+) =|\[string(?:\[\])?\] \$(\w+)|foreach \(\$(\w+) in/g)];
    const set = new Set(settable.flatMap(([, ...names]) => names).map((name) => name?.toLowerCase()));
    const automatic = ['_', 'env', 'true', 'false', 'pscmdlet', 'psscriptroot', 'erroractionpreference'];
    // Comments and single-quoted texts hold a $ that is none.
    const code = text.replace(/<#[\s\S]*?#>|^\s*#.*$|'[^'\r\n]*'/gm, '');
    const used = [...code.matchAll(/(?<!`)[$@](\w+)/g)].map(([, name]) => name?.toLowerCase() ?? '');
    expect(used.filter((name) => !set.has(name) && !automatic.includes(name))).toEqual([]);
  });

  it('fills in a secret only where there is one: a text "${}" of the configuration stays what it is', () => {
    const guarded = read(render(onWindows())).conditions.filter((text) =>
      text.startsWith('if ($RegistryPasswordFrom)'),
    );
    const replaces = (text: string) => text.match(/\.Replace\("`"`\$\{\$RegistryPasswordFrom\}/g)?.length ?? 0;
    expect(replaces(render(onWindows()))).toBe(1);
    expect(guarded.map(replaces)).toContain(1);
  });

  it('begins with a byte order mark only where a setting is not ASCII', () => {
    expect(render(onWindows({ certificate: 'C:\\Geräte\\a.pem' })).startsWith('\uFEFF#Requires')).toBe(true);
    expect(render(onWindows()).startsWith('#Requires')).toBe(true);
  });

  it('takes every hostile value as the text that it is', () => {
    const expected = read(render(onWindows({}, everything))).shape;
    const bad = [
      "'",
      '’',
      '‘',
      '‚',
      '‛',
      "''",
      "'; exit 9; '",
      '’; exit 9; ‘',
      '$(exit 9)',
      '`',
      '"',
      '\n',
      '\r\n',
      '#>',
      '\0',
    ];
    const parts = fc.oneof(fc.constantFrom(...bad, '$&', "$'", '{{', '@{', '%', ' ', '#SETTINGS#'), fc.string());
    const value = fc.array(parts).map((texts) => texts.join(''));
    const property = fc.property(value, value, value, value, value, (path, image, username, proxy, script) => {
      const place = { uri: '', path };
      const places: Places = {
        certificate: place,
        privateKey: { uri: '', path: image },
        trustBundle: { uri: '', path: proxy },
        edgeCa: { certificate: { uri: '', path: script }, privateKey: { uri: '', path: username } },
      };
      const config = {
        agent: { image, env: {}, registry: { ...registry, username } },
        proxy: { https: proxy, noProxy: path },
      };
      const identity = onWindows({}, { config, runtime: { securityDaemonScript: script } });
      const render = () => renderInitializer(identity, hubOfDevice(identity.device), { places });
      if ([path, image, username, proxy, script].some((text) => text.includes('\0'))) {
        expect(render).toThrow('holds a NUL');
        return;
      }
      const text = render();
      const { errors, shape, settings: found } = read(text);
      expect(errors).toEqual([]);
      expect(shape).toBe(expected);
      expect(Object.fromEntries(found)).toMatchObject({
        Certificate: [path],
        PrivateKey: [image],
        TrustBundle: [proxy],
        EdgeCaCertificate: [script],
        EdgeCaPrivateKey: [username],
        AgentImage: [image],
        RegistryUsername: [username],
        HttpsProxy: [proxy],
        NoProxy: [path],
        SecurityDaemonScript: [script],
      });
    });
    fc.assert(property, times(100));
  });

  it('takes every device id', () => {
    const expected = read(render(onWindows())).shape;
    const characters = [..."Aa0-._:%#*?!(),+=@$';"];
    const id = fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength: 128 }).map((all) => all.join(''));
    const property = fc.property(id, (text) => {
      const { places } = judged(onWindows());
      const identity = onWindows({ id: text });
      const { shape, settings: found } = read(
        renderInitializer(identity, hubOfDevice(identity.device), { places: places! }),
      );
      expect(shape).toBe(expected);
      expect(found.get('DeviceId')).toEqual([text]);
    });
    fc.assert(property, times(100));
  });
});

describe('a copy of the script of Microsoft', () => {
  it.each([
    ['C:\\edge\\IotEdgeSecurityDaemon.ps1', true],
    ['d:/my scripts/daemon.PS1', true],
    ['IotEdgeSecurityDaemon.ps1', false],
    ['\\\\server\\share\\a.ps1', false],
    ['C:\\edge\\a.ps1\nexit', false],
    ['https://example.com/a.ps1', false],
    ['C:\\edge', false],
    ['C:\\edge\\nul.ps1', false],
    ['C:\\edge\\a\u007f.ps1', false],
  ])('is named by an absolute path: %j', (securityDaemonScript, taken) => {
    const { errors } = judged(onWindows({}, { runtime: { securityDaemonScript } }));
    expect(errors.map(({ rule }) => rule)).toEqual(taken ? [] : ['config/uri']);
  });
});

describe('Linux containers on Windows', () => {
  const linux: Runtime['containerOs'] = 'linux';
  const withLinux = (wanted: Wanted, config: Partial<DeviceConfig> = {}) =>
    onWindows(wanted, { config, runtime: { containerOs: linux } });
  const keysOf = (identity: Identity) =>
    judged(identity).errors.map(({ rule, message }) => `${rule}: ${/^config[.\w]*/.exec(message)?.[0] ?? message}`);

  it('get no config.yaml, since only Microsoft’s script knows the addresses in it', () => {
    const identity = withLinux({ id: '7-of-nine' });
    const { places } = judged(identity);
    const names = filesOf(identity, hubOfDevice(identity.device), { places: places!, base: undefined }).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['identity-certificate.pem', 'Initialize-IoTEdge.ps1']);
    expect(settings(identity)).toMatchObject({ BundledConfiguration: [''], ContainerOs: ['Linux'] });
  });

  it('take an agent with its registry, and a CA with its trust bundle', () => {
    const agent = { image: 'contoso.azurecr.io/agent:1.1', env: {}, registry };
    expect(keysOf(withLinux({}, { agent, edgeCa, trustBundle: 'C:\\ca\\bundle.pem' }))).toEqual([]);
  });

  it.each<readonly [string, Partial<DeviceConfig>]>([
    ['config.base', { base: 'base/config.yaml' }],
    ['config.hostname', { hostname: 'edge' }],
    ['config.agent.env', { agent: { env: { A: 'b' } } }],
    ['config.agent.createOptions', { agent: { env: {}, createOptions: {} } }],
    ['config.proxy', { proxy: { https: 'http://proxy:3128' } }],
    ['config.network', { network: { name: 'nat', ipam: [] } }],
    ['config.watchdog', { watchdog: { maxRetries: 3 } }],
    ['config.agent.registry.server', { agent: { env: {}, registry } }],
    ['config.agent.registry.server', { agent: { image: 'team/agent:1.1', env: {}, registry } }],
    ['config.edgeCa', { edgeCa, trustBundle: "C:\\o'brien\\bundle.pem" }],
    ['config.edgeCa', { edgeCa, trustBundle: 'file:///C:/ca%5B1%5D/bundle.pem' }],
  ])('cannot be told %s', (key, config) => {
    expect(keysOf(withLinux({}, config))).toContain(`config/unsupported-by-version: ${key}`);
    expect(keysOf(onWindows({}, { config }))).not.toContain(`config/unsupported-by-version: ${key}`);
  });

  it('cannot be told how long a CA of the runtime lives', () => {
    const key = 'config/unsupported-by-version: config.edgeCa.lifetimeDays';
    expect(keysOf(withLinux({}, { edgeCa: { lifetimeDays: 90 } }))).toEqual([key]);
  });
});

/** What PowerShell itself says to a script, where it is at hand. */
function errorsOfPowerShell(text: string): string {
  const parse =
    '$e = $null; [void][Management.Automation.Language.Parser]::ParseInput([Console]::In.ReadToEnd(), [ref]$null, [ref]$e); $e';
  const { error, stdout } = spawnSync('pwsh', ['-NoProfile', '-Command', parse], { input: text, encoding: 'utf8' });
  return error === undefined ? stdout.trim() : '';
}
