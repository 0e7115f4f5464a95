// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are among what is hostile
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse as parseToml } from '@iarna/toml';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { manifestKeys } from '../../scripts/manifest-keys.ts';
import { failing } from '../../src/model/finding.ts';
import { powershell } from '../bundle/install/powershell.ts';
import { checkFolder } from '../support/check.ts';
import { folderWith } from '../support/folder.ts';
import { fc, times } from '../support/property.ts';

type Tree = { [key: string]: string | boolean | Tree | Tree[] };

/** As much of a device as is looked at by name. */
interface Device {
  readonly id: string;
  readonly runtime: { readonly securityDaemonScript?: string };
  readonly identity: { readonly certificate: string; readonly privateKey: string };
  readonly config: {
    readonly hostname: string;
    readonly parentHostname?: string;
    readonly agent: {
      readonly image: string;
      readonly env: Tree;
      readonly createOptions: Tree;
      readonly registry: { readonly server: string; readonly username: string; readonly passwordFrom: string };
    };
    readonly proxy: { readonly https: string; readonly noProxy: string };
    readonly network: { readonly name: string; readonly ipam?: readonly Tree[] };
    readonly trustBundle: string;
    readonly edgeCa: { readonly certificate: string; readonly privateKey: string };
    readonly pkcs11?: { readonly library: string; readonly baseSlot: string };
  };
}

const readScript = await powershell();

const linuxFiles = {
  identity: { certificate: '/srv/edge/id.pem', privateKey: '/srv/edge/id.key.pem' },
  trustBundle: '/srv/edge/trust.pem',
  edgeCa: { certificate: '/srv/edge/ca.pem', privateKey: '/srv/edge/ca.key.pem' },
};
const windowsFiles = {
  identity: { certificate: 'C:\\edge\\id.pem', privateKey: 'C:\\edge\\id.key.pem' },
  trustBundle: 'C:\\edge\\trust.pem',
  edgeCa: { certificate: 'C:\\edge\\ca.pem', privateKey: 'C:\\edge\\ca.key.pem' },
};
const ipam = [{ gateway: '172.18.0.1', subnet: '172.18.0.0/16', ipRange: '172.18.1.0/24' }];

/** A device that says all that its target knows. */
function whole(runtime: Tree, { identity, ...files }: typeof linuxFiles, more: Tree, network: Tree): Tree {
  return {
    id: 'edge-001',
    hub: 'contoso.azure-devices.net',
    thumbprints: { primary: 'A'.repeat(64), secondary: 'B'.repeat(64) },
    statusReason: 'new',
    tags: { NAME: 'berlin' },
    runtime,
    identity: { ...identity },
    config: {
      hostname: 'edge.example',
      agent: {
        image: 'contoso.azurecr.io/agent:1',
        env: { NAME: 'value' },
        createOptions: { Labels: { a: 'b' }, Fancy: [{ c: 'd' }] },
        registry: { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_PW' },
      },
      proxy: { https: 'http://proxy.example:3128', noProxy: 'localhost,.example' },
      network: { name: 'plant', ...network },
      ...structuredClone(files),
      ...more,
    },
  };
}

const targets: Readonly<Record<string, Tree>> = {
  'config.yaml and install.sh': whole({ version: '1.1', platform: 'debian' }, linuxFiles, {}, { ipam }),
  'config.yaml and Initialize-IoTEdge.ps1': whole(
    { version: '1.1', platform: 'windows', securityDaemonScript: 'C:\\edge\\daemon.ps1' },
    windowsFiles,
    {},
    {},
  ),
  'config.toml and install.sh': whole(
    { version: '1.5', platform: 'linux' },
    linuxFiles,
    {
      parentHostname: 'gateway.example',
      pkcs11: { library: '/usr/lib/m.so', baseSlot: 'pkcs11:token=edge' },
      imageGarbageCollection: { cleanupRecurrence: '1d', imageAgeCleanupThreshold: '7d', cleanupTime: '00:00' },
    },
    { ipam },
  ),
};

/** Texts of a device that stand in none of the targets: each would need another file, another device or another key. */
const elsewhere = ['certificates.primary', 'certificates.secondary', 'parent', 'identity.pinFrom', 'config.base'];

const pieces = [
  ...['\0', '\u0001', '\u0007', '\b', '\u001b', '\u007f', '\u0085', '\u009f', '\t', '\n', '\r', '\r\n', ' ', '\u2028'],
  ...['"', "'", '’', '\\', '`', '$(exit 9)', '${X}', '${IOTEDGE_PW}', '%', '{{', '}', '#', ' # ', ': ', '\n- ', '---'],
  ...['=', '&', ';', '|', '<', '>', '"""', "'''", '\n[a]\n', '\ud800', '\udc00', 'é', '😀', '\ufeff', 'no', '1.10', ''],
];
const hostile = (calm: string) =>
  fc.oneof(
    fc.constantFrom(...pieces),
    fc.tuple(fc.nat(calm.length), fc.constantFrom(...pieces)).map(([n, p]) => calm.slice(0, n) + p + calm.slice(n)),
    fc.string({ unit: fc.constantFrom(...pieces), maxLength: 4 }).map((text) => calm + text),
    fc.string({ unit: 'binary', maxLength: 4 }).map((text) => calm + text),
  );

/** Changes to texts of a device, names of variables and of what Docker takes among them. */
function changed(device: Tree): fc.Arbitrary<Tree> {
  const paths = [...textsIn(device)];
  const oneChange = fc.constantFrom(...paths).chain(([path, calm]) => hostile(calm).map((text) => ({ path, text })));
  return fc.array(oneChange, { minLength: 1, maxLength: 2 }).map((changes) => {
    const copy = structuredClone(device);
    for (const { path, text } of changes) set(copy, path, text);
    return copy;
  });
}

function* textsIn(
  tree: Tree,
  path: readonly string[] = [],
): Generator<readonly [path: readonly string[], text: string]> {
  for (const [name, value] of Object.entries(tree)) {
    const here = [...path, name];
    if (typeof value === 'string') yield [here, value];
    else if (typeof value === 'object') yield* textsIn(value as Tree, here);
    // The name itself, where it is the user's.
    if (/^(config\.agent\.env\.NAME|tags\.NAME|config\.agent\.createOptions\.Labels\.a)$/.test(here.join('.')))
      yield [[...here, ''], name];
  }
}

/** A path that ends in an empty step is the name before it. */
function set(tree: Tree, path: readonly string[], text: string): void {
  const rename = path.at(-1) === '';
  const steps = rename ? path.slice(0, -1) : path;
  const parent = steps.slice(0, -1).reduce((node, step) => node[step] as Tree, tree);
  const last = steps.at(-1) ?? '';
  if (!rename) parent[last] = text;
  else if (last in parent && !(text in {})) {
    parent[text] = parent[last]!;
    if (text !== last) delete parent[last];
  }
}

/** The texts of all files of the only device; nothing where a finding stands against it. */
async function rendered(folder: string, device: Tree): Promise<ReadonlyMap<string, string> | undefined> {
  writeFileSync(join(folder, 'devices.json'), JSON.stringify({ devices: [device] }));
  const { findings, bundles } = await checkFolder(folder, ['devices.json']);
  if (failing(findings)) return undefined;
  expect(bundles).toHaveLength(1);
  return new Map(bundles[0]?.files.map(({ name, text }) => [name, text]));
}

/** What the files say, in the words of the manifest. */
function meaningOf(files: ReadonlyMap<string, string>): unknown {
  const toml = files.get('config.toml');
  const read =
    toml === undefined ? yamlOf(files.get('config.yaml') ?? '') : JSON.parse(JSON.stringify(parseToml(toml)));
  const { provisioning, certificates = {}, edge_ca = {}, agent, moby_runtime } = read;
  const { network } = moby_runtime;
  return {
    id: (toml === undefined ? provisioning.authentication : provisioning).device_id,
    certificate: pathOf(provisioning.authentication.identity_cert),
    privateKey: pathOf(provisioning.authentication.identity_pk),
    hostname: read.hostname,
    parentHostname: read.parent_hostname,
    image: agent.config.image,
    env: agent.env,
    createOptions: agent.config.createOptions,
    registry: agent.config.auth,
    trustBundle: pathOf(certificates.trusted_ca_certs ?? read.trust_bundle_cert),
    edgeCa: [certificates.device_ca_cert ?? edge_ca.cert, certificates.device_ca_pk ?? edge_ca.pk].map(pathOf),
    network: typeof network === 'string' ? { name: network } : { name: network.name, ipam: network.ipam.config },
    pkcs11: read.aziot_keys,
    keys: Object.keys(read).sort(),
  };
}

function yamlOf(text: string) {
  const document = parseDocument(text);
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
}

/** A file of the device by its own path. */
function pathOf(uri: string): string {
  return fileURLToPath(uri, { windows: /^file:\/\/\/C:/i.test(uri) });
}

function asDevice(tree: Tree): Device {
  return JSON.parse(JSON.stringify(tree));
}

/** What a device of the manifest should come to. */
function meantBy(device: Tree, calm: unknown): unknown {
  const { id, identity, config } = asDevice(device);
  const { agent, proxy, network, pkcs11 } = config;
  const place = (text: string) =>
    /^file:/i.test(text) ? pathOf(new URL(text).href) : /^[a-z]:/i.test(text) ? text.replaceAll('/', '\\') : text;
  const ranges = network.ipam?.map((range: Tree) => ({
    gateway: range.gateway,
    subnet: range.subnet,
    ip_range: range.ipRange,
  }));
  return {
    id,
    certificate: place(identity.certificate),
    privateKey: place(identity.privateKey),
    hostname: config.hostname,
    parentHostname: config.parentHostname,
    image: agent.image,
    env: { https_proxy: proxy.https, no_proxy: proxy.noProxy, ...agent.env },
    createOptions: agent.createOptions,
    registry: {
      serveraddress: agent.registry.server,
      username: agent.registry.username,
      password: `\${${agent.registry.passwordFrom}}`,
    },
    trustBundle: place(config.trustBundle),
    edgeCa: [config.edgeCa.certificate, config.edgeCa.privateKey].map(place),
    network: ranges === undefined ? { name: network.name } : { name: network.name, ipam: ranges },
    pkcs11: pkcs11 && { pkcs11_lib_path: pkcs11.library, pkcs11_base_slot: pkcs11.baseSlot },
    keys: (calm as { readonly keys: unknown }).keys,
  };
}

/** The settings of install.sh, and the rest of it, but for what is said to shellcheck above a setting with `$` in it. */
function installerOf(text: string) {
  const values = new Map<string, string>();
  const rest = text
    .replace(/^# shellcheck disable=SC2016 .*\n/gm, '')
    .replace(/^([A-Z_0-9]+)='((?:[^']|'\\'')*)'$/gm, (_, name: string, value: string) => {
      values.set(name, value.replaceAll("'\\''", "'"));
      return `${name}=`;
    });
  return { values, rest };
}

describe('a manifest with any texts', { timeout: 300_000 }, () => {
  it('has every text of the schema in the devices below', () => {
    const known = new Set(
      Object.values(targets).flatMap((device) => [...textsIn(device)].map(([path]) => path.join('.'))),
    );
    const texts = manifestKeys().device.filter(
      ({ schema }) => [schema.type].flat().includes('string') && schema.enum === undefined,
    );
    expect(texts.length).toBeGreaterThan(30);
    const unknown = texts
      .map(({ path }) => path.replace('*', 'NAME'))
      .filter((path) => !known.has(path) && !elsewhere.includes(path) && path !== 'config.watchdog.maxRetries');
    expect(unknown).toEqual([]);
  });

  it.each(Object.entries(targets))('is refused by a finding, or comes back equal out of %s', async (_, device) => {
    const folder = folderWith();
    const calm = await rendered(folder, device);
    if (calm === undefined) throw new Error('the calm device is refused');
    const calmly = { ...read(calm), meaning: meaningOf(calm) };
    expect(calmly.meaning).toEqual(meantBy(device, calmly.meaning));
    const seen = { refused: 0, taken: 0 };
    const hold = async (hostile: Tree) => {
      const files = await rendered(folder, hostile);
      seen[files === undefined ? 'refused' : 'taken'] += 1;
      if (files === undefined) return;
      expect(meaningOf(files)).toEqual(meantBy(hostile, calmly.meaning));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may stand in a file as it is
      for (const text of files.values()) expect(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)).toBe(false);
      expectSameScripts(calmly, read(files), hostile);
    };
    for (const [path, text] of textsIn(device)) {
      const withNul = structuredClone(device);
      set(withNul, path, `${text}\0`);
      await hold(withNul);
    }
    await fc.assert(fc.asyncProperty(changed(device), hold), times(120));
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(15);
  });
});

/** The scripts of a bundle: the one of Windows as its grammar reads it, that of Linux as settings and rest. */
function read(files: ReadonlyMap<string, string>) {
  const script = files.get('Initialize-IoTEdge.ps1');
  return {
    windows: script === undefined ? undefined : readScript(script),
    linux: installerOf(files.get('install.sh') ?? ''),
  };
}

/** The scripts are the same but for the values of their settings, and those are the manifest's. */
function expectSameScripts(calm: ReturnType<typeof read>, hostile: ReturnType<typeof read>, device: Tree): void {
  const { id, config, runtime, identity } = asDevice(device);
  if (hostile.windows !== undefined) {
    expect(hostile.windows.errors).toEqual([]);
    expect(hostile.windows.shape).toBe(calm.windows?.shape);
    expect(Object.fromEntries(hostile.windows.settings)).toMatchObject({
      DeviceId: [id],
      AgentImage: [config.agent.image],
      RegistryUsername: [config.agent.registry.username],
      HttpsProxy: [config.proxy.https],
      NoProxy: [config.proxy.noProxy],
      SecurityDaemonScript: [runtime.securityDaemonScript],
    });
  }
  const { values, rest } = hostile.linux;
  expect(rest).toBe(calm.linux.rest);
  if (hostile.windows !== undefined) return;
  expect(values.get('DEVICE')).toBe(id);
  if (identity.certificate.startsWith('/')) expect(values.get('CERTIFICATE_PATH')).toBe(identity.certificate);
  expect(values.get('PROXY')?.split('\n')).toHaveLength(calm.linux.values.get('PROXY')?.split('\n').length ?? 0);
}
