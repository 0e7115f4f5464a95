import { describe, expect, it } from 'vitest';
import { renderBundles } from '../../src/bundle/render.ts';
import { baseOf } from './base/base-material.ts';
import { deviceOf, identityOf, now, type Wanted } from './material.ts';

const pems = { primary: 'leaf of primary\nchain\n', secondary: 'leaf of secondary\n' };

describe('rendering bundles', () => {
  it('gives each device its config.yaml and the certificate of the slot it carries', async () => {
    const { value } = await renderBundles(
      [
        identityOf({ id: 'a' }, pems),
        identityOf({ id: 'b', slot: 'secondary' }, pems),
        identityOf({ id: 'c', slot: 'secondary' }, { primary: pems.primary }),
      ],
      { now },
    );
    expect(value.map(({ device, hub, directory, artifact }) => ({ device, hub, directory, artifact }))).toEqual(
      ['a', 'b', 'c'].map((id) => ({
        device: id,
        hub: 'contoso.azure-devices.net',
        directory: id,
        artifact: `iot-edge-${id}`,
      })),
    );
    const carried = value.map(({ files }) => files.find(({ name }) => name === 'identity-certificate.pem')?.text);
    expect(carried).toEqual([pems.primary, pems.secondary, undefined]);
    expect(value[1]?.files[0]?.text).toContain('# The certificate (secondary)');
  });

  it.each([
    ['1.0.10', 'debian', 'config.yaml'],
    ['1.1', 'linux', 'config.yaml'],
    ['1.1', 'windows', 'config.yaml'],
    ['1.2', 'debian', 'config.toml'],
    ['1.6', 'linux', 'config.toml'],
  ] as const)('gives a device with %s on %s a %s', async (version, platform, name) => {
    const { value } = await renderBundles([identityOf({ version, platform })], { now });
    const forms = value[0]?.files.map((file) => file.name).filter((file) => file.startsWith('config.'));
    expect(forms).toEqual([name]);
  });

  it('leaves out a device with an error and a device without a hub, and no other', async () => {
    const { value } = await renderBundles(
      [identityOf({ id: '7', hostname: '' }), identityOf({ id: 'a', hub: null }), identityOf({ id: 'b' })],
      { now },
    );
    expect(value.map(({ device }) => device)).toEqual(['b']);
  });

  it('keeps the names of the whole fleet when a part of it is rendered', async () => {
    const fleet = [
      deviceOf({ id: 'edge', hub: 'a.azure-devices.net' }),
      deviceOf({ id: 'EDGE', hub: 'a.azure-devices.net' }),
      deviceOf({ id: 'other', hub: 'b.azure-devices.net' }),
    ];
    const part = [identityOf({ id: 'edge', hub: 'a.azure-devices.net' })];
    expect((await renderBundles(part, { now, fleet })).value[0]?.directory).toMatch(/^a\/edge~[0-9a-f]{16}$/);
    expect((await renderBundles(part, { now })).value[0]?.directory).toBe('edge');
  });

  it('is told a mistake when a device is not of the fleet', async () => {
    const fleet = [deviceOf({ id: 'b' })];
    await expect(renderBundles([identityOf({ id: 'a' })], { now, fleet })).rejects.toThrow('device "a"');
  });

  it('judges devices that it does not render, as it judges the others', async () => {
    const { value, findings } = await renderBundles([], {
      now,
      judge: [deviceOf({ id: '7', version: '1.6', hostname: '7' })],
    });
    expect(value).toEqual([]);
    expect(findings).toMatchObject([{ rule: 'config/hostname', device: '7' }]);
  });

  it.each([
    ['1.1', '/pki/ca.key.pem'],
    ['1.5', '/pki/ca.key.pem'],
    ['1.5', ''],
  ])('tells the installer of %s where edge CA (key: "%s") and trust bundle lie', async (version, path) => {
    const privateKey = path === '' ? 'pkcs11:token=edge;object=ca' : `file://${path}`;
    const config = {
      edgeCa: { certificate: 'file:///pki/my%20ca.pem', privateKey },
      trustBundle: '/pki/trust.pem',
      ...(path === '' ? { pkcs11: { library: '/usr/lib/module.so' } } : {}),
    };
    const { value } = await renderBundles([identityOf({ version, config })], { now });
    const script = value[0]?.files.find(({ name }) => name === 'install.sh')?.text;
    expect(script).toContain(
      `\nEDGE_CA_CERTIFICATE='/pki/my ca.pem'\nEDGE_CA_KEY='${path}'\nTRUST_BUNDLE='/pki/trust.pem'\n`,
    );
  });

  it.each([
    ['debian', 'sudo apt-get install'],
    ['linux', 'sudo yum install'],
  ] as const)('tells the installer how packages are installed on %s', async (platform, command) => {
    const { value } = await renderBundles([identityOf({ version: '1.5', platform })], { now });
    const script = value[0]?.files.find(({ name }) => name === 'install.sh')?.text;
    expect(script).toContain(`\nINSTALL='${command}'\n`);
  });

  const edited = { version: '1.1', config: { base: 'base.yaml' } };
  it.each<[string, Wanted, string]>([
    ['no name of the manifest', { id: 'Edge-001', version: '1.5' }, ''],
    ['the name in the manifest', { version: '1.5', hostname: 'gateway.plant' }, 'gateway.plant'],
    ['the name in the file that is edited', edited, 'of-base'],
    ['the name in the manifest over that', { ...edited, hostname: 'gateway.plant' }, 'gateway.plant'],
  ])('tells the installer how the configuration calls the machine: %s', async (_, wanted, name) => {
    const base = baseOf('provisioning:\n  source: manual\nhostname: "of-base"\n');
    const { value } = await renderBundles([identityOf(wanted)], { now, bases: new Map([['base.yaml', base]]) });
    expect(value[0]?.files.find((file) => file.name === 'install.sh')?.text).toContain(`\nHOST_NAME='${name}'\n`);
  });

  it('renders nothing of nothing', async () => {
    expect(await renderBundles([], { now })).toEqual({ value: [], findings: [] });
  });
});
