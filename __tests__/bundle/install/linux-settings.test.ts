import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scripts } from '../../../scripts/device-scripts.ts';
import { type InstallerSettings, renderInstaller, type Secret } from '../../../src/bundle/install/linux.ts';
import { renderBundles } from '../../../src/bundle/render.ts';
import { describeNeeding } from '../../support/needing.ts';
import { fc, times } from '../../support/property.ts';
import { identityOf, now, type Wanted } from '../material.ts';

const settings: InstallerSettings = {
  device: 'edge-001',
  version: { text: '1.5', major: 1, minor: 5 },
  platform: 'debian',
  thumbprints: ['a'.repeat(40), 'b'.repeat(40)],
  certificate: '/var/aziot/certs/edge-001.pem',
  privateKey: '/var/aziot/secrets/edge-001.key.pem',
  sha256: { configuration: 'c'.repeat(64), certificate: 'd'.repeat(64) },
  secrets: [],
};
const secret: Secret = { variable: 'IOTEDGE_A', line: 'a = "@A@"', placeholder: '@A@', encoding: 'text' };

describe('the text of the installer', () => {
  it('differs between devices in its settings only', () => {
    const [first, second] = [renderInstaller(settings), renderInstaller({ ...settings, device: "o'brien" })];
    expect(second).toBe(first.replace("DEVICE='edge-001'", "DEVICE='o'\\''brien'"));
    expect(first.endsWith('\nmain "$@"\n}\n')).toBe(true);
    expect(first).not.toMatch(/[^\n -~]|#SETTINGS#/);
  });

  it('is that of the script in the source', () => {
    const [head = '', tail = ''] = readFileSync('src/bundle/install/install.sh', 'utf8').split('#SETTINGS#\n');
    const rendered = renderInstaller(settings);
    expect(rendered.startsWith(head)).toBe(true);
    const [, ...others] = scripts.installer.map((name) => readFileSync(`src/bundle/install/${name}`, 'utf8'));
    expect(rendered).toContain([tail, ...others].join('\n'));
  });

  it('brings every value to the shell byte by byte', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
    const hostile = fc.constantFrom(
      "'",
      "'; exit 9; '",
      '$(exit 9)',
      '`exit 9`',
      '\\',
      "\\'",
      '\n',
      '$&',
      "$'",
      '{{',
      '"',
    );
    const value = fc.array(fc.oneof(text, hostile)).map((parts) => parts.join(''));
    const property = fc.property(value, value, value, value, (device, certificate, privateKey, line) => {
      const placed = { ...secret, line: `${line.replaceAll('\n', ' ')}@A@` };
      const rendered = renderInstaller({ ...settings, device, certificate, privateKey, secrets: [placed] });
      const [block = ''] = rendered.split('\nset -u\numask');
      const print = String.raw`printf '%s\0' "$DEVICE" "$CERTIFICATE_PATH" "$PRIVATE_KEY_PATH" "$SECRET_LINES"`;
      const printed = execFileSync('sh', { input: `${block}\n${print}\n}\n`, encoding: 'utf8' });
      expect(printed.split('\0')).toEqual([device, certificate, privateKey, placed.line, '']);
    });
    fc.assert(property, times(60));
  });

  it('writes the proxy as systemd reads it', () => {
    const https = 'http://us"er:p%40ss\\@proxy:3128';
    const proxy = { https, noProxy: 'localhost\n[Service]\nExecStart=/bin/sh,$HOME' };
    const rendered = renderInstaller({ ...settings, proxy });
    expect(rendered).toContain(String.raw`Environment="https_proxy=http://us\"er:p%%40ss\\@proxy:3128"${'\n'}`);
    expect(rendered).toContain(String.raw`"no_proxy=localhost\x0a[Service]\x0aExecStart=/bin/sh,$HOME"`);
    expect(renderInstaller({ ...settings, proxy: { https } })).not.toContain('"no_proxy=');
  });

  it.each([
    ['a NUL', { device: 'a\0b' }, /^DEVICE .*NUL/],
    ['a name that the shell would run', { secrets: [{ ...secret, variable: 'IOTEDGE_A;id' }] }, 'is no variable'],
    ['a variable of somebody else', { secrets: [{ ...secret, variable: 'PATH' }] }, 'is no variable'],
    ['a line without its placeholder', { secrets: [{ ...secret, line: 'a = ""' }] }, /^the place of IOTEDGE_A /],
    ['an empty placeholder', { secrets: [{ ...secret, placeholder: '' }] }, /^the place of IOTEDGE_A /],
    ['two lines', { secrets: [{ ...secret, line: 'a\n@A@' }] }, /^the place of IOTEDGE_A /],
  ])('is not made of %s', (_, wrong, says) => {
    expect(() => renderInstaller({ ...settings, ...wrong })).toThrow(says);
  });
});

describeNeeding(['shellcheck'], 'the installer by shellcheck', () => {
  const registry = { server: 'registry.example', username: 'edge', passwordFrom: 'IOTEDGE_REGISTRY_PASSWORD' };
  const inModule = {
    identity: { privateKey: 'pkcs11:token=edge;object=edge-001', pinFrom: 'IOTEDGE_PIN' },
    config: { agent: { registry }, pkcs11: { library: '/usr/lib/module.so' } },
  };
  const everything = {
    proxy: { https: 'http://proxy:3128', noProxy: 'localhost' },
    edgeCa: { certificate: '/pki/ca.pem', privateKey: '/pki/ca.key.pem' },
    trustBundle: '/pki/trust.pem',
  };
  it.each<[string, Wanted]>([
    ['1.1 with a registry', { version: '1.1', config: { ...everything, agent: { registry } } }],
    ['1.5 with a registry and a PIN', { version: '1.5', ...inModule }],
    ['a device whose id looks like shell', { id: "$HOME';$(id)*?!", version: '1.5', hostname: 'edge' }],
  ])('has nothing to complain about for %s', async (_, wanted) => {
    const { value, findings } = await renderBundles([identityOf(wanted, { primary: 'PEM' })], { now });
    const input = value[0]?.files.find(({ name }) => name === 'install.sh')?.text;
    expect(input, JSON.stringify(findings)).toBeDefined();
    const { status, stdout } = spawnSync('shellcheck', ['--shell=sh', '-'], { input, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
