import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../src/model/fault.ts';
import { runFault } from '../../src/run/faults.ts';
import { terminalFault } from '../../src/terminal/faults.ts';
import { terminalLines } from '../../src/terminal/lines.ts';
import { runCommandLine } from '../../src/terminal/program.ts';
import { writeCertificate } from '../support/certificate.ts';
import { issue, issueAuthority, joined } from '../support/chain.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';

afterEach(() => vi.restoreAllMocks());

/** Runs the command line in a folder; gives its exit code and what it prints. */
async function run(folder: string, ...args: string[]) {
  const printed = { out: '', err: '' };
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.err += String(text);
    return true;
  });
  const code = await runCommandLine(args);
  vi.restoreAllMocks();
  return { code, ...printed };
}

/** A fault as standard error shows it. */
function printed({ message, remedy }: Fault): string {
  return `error: ${message}\n  → ${remedy}\n`;
}

async function repository(...ids: string[]): Promise<string> {
  const folder = folderWith();
  mkdirSync(join(folder, '.git'));
  await writeCertificates(folder, ids);
  return folder;
}

describe('new', () => {
  it.each([
    ['Contoso.Device.azure-devices.net', 'contoso.device.azure-devices.net'],
    ['contoso.service.azure-devices.net', 'contoso.azure-devices.net'],
    ['localhost:8443', 'localhost:8443'],
  ])('writes for the hub %s the name that devices may have', async (given, written) => {
    const { code, out } = await run(await repository('edge-001'), 'new', '--hub', given);
    expect([code, out.match(/^hub: (.*)$/m)?.[1]]).toEqual([0, written]);
  });

  it('writes a manifest of the certificates in certs, which validates', async () => {
    const folder = await repository('edge-001', 'edge-002');
    const made = await run(folder, 'new', '--hub', 'Contoso.azure-devices.net', '--output', 'devices.yaml');
    const err = `${terminalLines['manifest-written']({ output: 'devices.yaml', devices: 2 })}\n`;
    expect(made).toEqual({ code: 0, out: '', err });
    const text = readFileSync(join(folder, 'devices.yaml'), 'utf8');
    expect(text).toContain('hub: contoso.azure-devices.net\n');
    expect(text).toContain('    primary: certs/{id}-primary.pem\n');
    expect(text).toMatch(/devices:\n {2}- id: edge-001\n {2}- id: edge-002\n$/);
    expect(await run(folder, 'validate')).toMatchObject({ code: 0 });
  });

  it('names certificates relative to the manifest', async () => {
    const folder = await repository('edge-001');
    mkdirSync(join(folder, 'fleet'));
    await run(folder, 'new', 'certs/edge-001-primary.pem', '--output', 'fleet/devices.yml', '--runtime', '1.0.10');
    const text = readFileSync(join(folder, 'fleet/devices.yml'), 'utf8');
    expect(text).toContain('primary: ../certs/{id}-primary.pem\n');
    expect(text).toContain('runtime: { version: "1.0.10", platform: debian }');
    expect(await run(folder, 'validate', 'fleet/devices.yml')).toMatchObject({ code: 0 });
  });

  it('never overwrites', async () => {
    const folder = await repository('edge-001');
    writeFileSync(join(folder, 'devices.yaml'), manifestOf(['edge-001']));
    const again = await run(folder, 'new', '--output', 'devices.yaml');
    expect(again).toMatchObject({ code: 2, out: '' });
    expect(again.err).toBe(printed(terminalFault('output-exists', { output: 'devices.yaml' })));
    expect(readFileSync(join(folder, 'devices.yaml'), 'utf8')).toBe(manifestOf(['edge-001']));
  });

  it('prints the manifest, and tells on standard error what it left out: authorities are no fault of a folder', async () => {
    const folder = await repository('edge-001');
    await writeCertificate(join(folder, 'certs/root.pem'), { subject: [{ CN: ['root'] }], authority: true });
    const { code, out, err } = await run(folder, 'new');
    expect(code).toBe(0);
    expect(out).toContain('- id: edge-001\n');
    expect(out).not.toContain('root');
    expect(err).toContain('certs/root.pem:1:1 warning certificate/authority-left-out');
  });

  it('takes the folder of certGen.sh as it is: one certificate in two files, the secondary free', async () => {
    const folder = folderWith();
    mkdirSync(join(folder, '.git'));
    mkdirSync(join(folder, 'certs'));
    const root = await issueAuthority('Azure_IoT_Hub_CA_Cert_Test_Only');
    writeFileSync(join(folder, 'certs/azure-iot-test-only.root.ca.cert.pem'), root.pem);
    for (const id of ['edge-001', 'edge-002']) {
      const leaf = await issue(id, { by: root });
      writeFileSync(join(folder, `certs/iot-edge-device-identity-${id}.cert.pem`), leaf.pem);
      writeFileSync(join(folder, `certs/iot-edge-device-identity-${id}-full-chain.cert.pem`), joined(leaf, root));
    }
    const { code, out } = await run(folder, 'new', '--runtime', '1.6');
    expect(code).toBe(0);
    expect(out).toContain('    primary: certs/iot-edge-device-identity-{id}-full-chain.cert.pem\n');
    expect(out).not.toContain('secondary:');
    expect(out).toMatch(/devices:\n {2}- id: edge-001\n {2}- id: edge-002\n$/);
  });

  it('takes az’s files once they are unpacked, and says so before', async () => {
    const folder = folderWith({ 'bundles/edge-001.tgz': 'x' });
    mkdirSync(join(folder, '.git'));
    const packed = await run(folder, 'new', 'bundles');
    const fault = terminalFault('no-device-found', { sources: ['bundles'], archive: 'bundles/edge-001.tgz' });
    expect(packed).toMatchObject({ code: 1, err: printed(fault) });
    const root = await issueAuthority('Azure_IoT_CLI_Extension_Cert');
    writeFileSync(join(folder, 'bundles/iotedge_config_cli_root.pem'), root.pem);
    writeFileSync(join(folder, 'bundles/edge-001.hub-auth-cert.pem'), (await issueAuthority('edge-001')).pem);
    const { code, out } = await run(folder, 'new', 'bundles');
    expect(code).toBe(0);
    expect(out).toContain('    primary: bundles/{id}.hub-auth-cert.pem\n');
    expect(out).toMatch(/devices:\n {2}- id: edge-001\n$/);
  });

  it('names a file in a command from where the user stands', async () => {
    const folder = await repository('edge-001');
    mkdirSync(join(folder, 'fleet'));
    writeFileSync(join(folder, 'certs/odd.pem'), 'no certificate\n');
    const { err } = await run(join(folder, 'fleet'), 'new', '../certs');
    expect(err).toContain('openssl x509 -in ../certs/odd.pem -noout -subject');
    writeFileSync(
      join(folder, 'fleet/devices.yaml'),
      'hub: a.example\ndevices:\n  - { id: odd, certificates: { primary: ../certs/odd.pem }, runtime: { version: "1.5", platform: debian } }\n',
    );
    for (const more of [[], ['--json']]) {
      const { out } = await run(join(folder, 'fleet'), 'validate', ...more);
      expect(out).toContain('openssl x509 -in ../certs/odd.pem -noout -subject');
    }
    const { out } = await run(folder, 'validate', 'fleet/devices.yaml');
    expect(out).toContain('openssl x509 -in certs/odd.pem -noout -subject');
  });

  it('joins the rows of a CSV with the certificates of the same ids', async () => {
    const folder = await repository('edge-001');
    writeFileSync(join(folder, 'ids.csv'), 'id;config.hostname\nedge-001;press.example\nedge-002;\n');
    const { code, out } = await run(folder, 'new', 'ids.csv', 'certs', '--platform', 'linux');
    expect(code).toBe(0);
    expect(out).toContain('    secondary: certs/{id}-secondary.pem\n  runtime: { version: "1.6", platform: linux }\n');
    expect(out).toMatch(
      /devices:\n {2}- id: edge-001\n {4}config:\n {6}hostname: press.example\n {2}- id: edge-002\n$/,
    );
  });

  const missing = (call: string, path: string) => `ENOENT: no such file or directory, ${call} '${path}'`;
  const unreadable = (folder: string) =>
    terminalFault('source-unreadable', { source: 'nowhere', why: missing('stat', join(folder, 'nowhere')) });
  const outside = (folder: string) => terminalFault('manifest-outside', { manifest: '..', root: folder });
  const noHost = () => terminalFault('not-a-host', { given: 'https://a/b' });
  const noDomain = () =>
    runFault('hub-without-domain', { name: '--hub', given: 'Contoso', meant: 'contoso.azure-devices.net' });
  const noVersion = () => terminalFault('not-a-version', { given: 'latest' });
  const noPlatform = () => terminalFault('unknown-platform', { given: 'beos', known: ['debian', 'linux', 'windows'] });
  const noManifest = () => terminalFault('not-a-manifest-name', { output: 'devices.txt' });
  const noFolder = (folder: string) => {
    const why = missing('open', join(folder, 'no/devices.yaml'));
    return terminalFault('output-not-written', { output: 'no/devices.yaml', why });
  };
  const noDevice = () => terminalFault('no-device-found', { sources: ['.git'] });

  it.each<[string, string[], number, readonly ((folder: string) => Fault)[]]>([
    ['a source that is not there', ['nowhere'], 2, [unreadable]],
    ['a source outside the repository', ['..'], 2, [outside]],
    ['a hub that is no host name', ['--hub', 'https://a/b'], 2, [noHost]],
    ['a hub without its domain', ['--hub', 'Contoso'], 1, [noDomain]],
    ['a version that is none', ['--runtime', 'latest'], 2, [noVersion]],
    ['a platform that is none', ['--platform', 'beos'], 2, [noPlatform]],
    ['a name that is no manifest', ['--output', 'devices.txt'], 2, [noManifest]],
    ['a folder that is not there', ['--output', 'no/devices.yaml'], 1, [noFolder]],
    ['a folder without certificates', ['.git'], 1, [noDevice]],
    [
      'all of that at once',
      ['nowhere', '..', '--hub', 'https://a/b', '--runtime', 'latest', '--platform', 'beos', '--output', 'devices.txt'],
      2,
      [noHost, noVersion, noPlatform, noManifest, unreadable, outside],
    ],
  ])('refuses %s', async (_, args, code, faults) => {
    const folder = await repository('edge-001');
    const seen = await run(folder, 'new', ...args);
    expect([seen.code, seen.out]).toEqual([code, '']);
    expect(seen.err).toBe(faults.map((fault) => printed(fault(folder))).join(''));
  });
});
