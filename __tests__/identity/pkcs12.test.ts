import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCertificate } from '../../src/identity/certificate.ts';
import { findPrivateKeys } from '../../src/identity/keys.ts';
import { pkcs12Legacy } from '../../src/rules/commands.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { issue, issueAuthority } from '../support/chain.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding, itNeeding } from '../support/needing.ts';
import { openssl } from '../support/openssl.ts';

/** A bundle of a device's certificate and its issuer, made by openssl with these options. */
async function bundle(...options: readonly string[]) {
  const plant = await issueAuthority('Plant');
  const leaf = await issue('edge-001', { by: plant });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', leaf.keys.privateKey));
  const folder = folderWith({ 'leaf.pem': leaf.pem, 'plant.pem': plant.pem, 'key.der': key, 'certs/none': '' });
  openssl(folder, 'pkey', '-inform', 'DER', '-in', 'key.der', '-out', 'key.pem');
  const [out, ...more] = ['certs/device.pfx', '-passout', 'pass:x', ...options];
  const all = [
    '-in',
    'leaf.pem',
    '-certfile',
    'plant.pem',
    ...(options.includes('-nokeys') ? [] : ['-inkey', 'key.pem']),
  ];
  openssl(folder, 'pkcs12', '-export', ...all, '-out', out, ...more);
  return { folder, bytes: readFileSync(join(folder, out)), leaf: leaf.pem, plant: plant.pem };
}

/** What people are told about a file with a key in PKCS#12. */
function remedyFor(path: string): string {
  return told('certificate/private-key-present', { path, format: 'PKCS#12' }).remedy;
}

/** Runs the command of a remedy, with the password that openssl would ask for. */
function obey(folder: string, remedy: string, more = ''): void {
  const [command = ''] = /openssl pkcs12 [^;(]*? -out \S+\.pem/.exec(remedy) ?? [];
  execFileSync('sh', ['-c', `${command} -passin pass:x ${more}`], { cwd: folder, stdio: 'pipe' });
}

/** Whether this is OpenSSL 3 or later, with what Windows encrypted certificates with for decades set apart. */
describeNeeding(['openssl'], 'a PKCS#12 bundle', () => {
  test.each([[[]], [['-keypbe', 'NONE', '-certpbe', 'NONE']]])(
    'with a key is refused %j, by bytes as by name',
    async (options) => {
      const { folder, bytes, leaf } = await bundle(...options);
      for (const name of ['certs/device.pfx', 'certs/device.cer']) {
        writeFileSync(join(folder, name), bytes);
        const reading = await readCertificate(name, bytes);
        if (reading.kind !== 'private-key') throw new Error(reading.kind);
        expect(reading.key).toEqual({ format: 'PKCS#12', line: 1 });
        obey(folder, remedyFor(name));
        const taken = await readCertificate('certs/device.pem', readFileSync(join(folder, 'certs/device.pem')));
        expect(taken).toMatchObject({ certificate: { commonNames: ['edge-001'], pem: leaf } });
      }
      const stray = await findPrivateKeys(['certs'], openWorkspace(folder));
      expect(stray.map(({ place }) => place?.file)).toEqual(['certs/device.cer', 'certs/device.pfx']);
    },
  );

  test.each([
    ['certs/device.pem', 'certs/device.certificate.pem'],
    ['certs/device.PEM', 'certs/device.certificate.pem'],
    ['certs/device', 'certs/device.pem'],
    ['certs/.device', 'certs/.device.pem'],
  ])('is not written over, as %s, by the command that takes the certificate out', async (name, out) => {
    const { folder, bytes, leaf } = await bundle();
    writeFileSync(join(folder, name), bytes);
    const reading = await readCertificate(name, bytes);
    expect(reading.kind).toBe('private-key');
    obey(folder, remedyFor(name));
    expect(readFileSync(join(folder, name))).toEqual(bytes);
    expect(await readCertificate(out, readFileSync(join(folder, out)))).toMatchObject({ certificate: { pem: leaf } });
  });

  test('without a key is no fault of its own, and its certificates come out with their chain', async () => {
    const { folder, bytes, leaf, plant } = await bundle('-nokeys');
    const reading = await readCertificate('certs/device.pfx', bytes);
    const problem = { kind: 'pkcs12' } as const;
    expect(reading).toEqual({ kind: 'unreadable', problem });
    obey(folder, told('certificate/unreadable', { path: 'certs/device.pfx', problem }).remedy);
    const taken = await readCertificate('certs/device.pem', readFileSync(join(folder, 'certs/device.pem')));
    expect(taken).toMatchObject({ certificate: { pem: leaf + plant } });
    expect(await findPrivateKeys(['certs'], openWorkspace(folder))).toEqual([]);
  });

  test('of indefinite lengths is taken to hold a key', async () => {
    const { bytes } = await bundle('-nokeys');
    const indefinite = Buffer.concat([Buffer.from([0x30, 0x80]), bytes.subarray(4), Buffer.from([0, 0])]);
    expect(await readCertificate('certs/device.pfx', indefinite)).toMatchObject({ kind: 'private-key' });
  });

  itNeeding(["openssl's legacy provider"], 'of old Windows needs -legacy, as the remedy says', async () => {
    const { folder, bytes, leaf } = await bundle('-legacy');
    const reading = await readCertificate('certs/device.pfx', bytes);
    expect(reading.kind).toBe('private-key');
    const remedy = remedyFor('certs/device.pfx');
    expect(remedy).toContain(pkcs12Legacy);
    expect(remedy).toContain('-legacy');
    expect(() => obey(folder, remedy)).toThrow(/unsupported/);
    obey(folder, remedy, '-legacy');
    const taken = await readCertificate('certs/device.pem', readFileSync(join(folder, 'certs/device.pem')));
    expect(taken).toMatchObject({ certificate: { pem: leaf } });
  });
});
