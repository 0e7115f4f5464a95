import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Runs openssl in a folder and returns its output. Throws with openssl's message if it fails. */
export function openssl(folder: string, ...args: readonly string[]): string {
  return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export type KeyType = 'rsa1024' | 'rsa2047' | 'rsa2048' | 'p256' | 'p384' | 'secp256k1' | 'ed25519' | 'rsa-pss';

/** Writes a new private key as PEM (PKCS#8). */
export function makeKey(path: string, type: KeyType): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, generate(type).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}

function generate(type: KeyType) {
  switch (type) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    case 'secp256k1':
      return generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    default:
      return generateKeyPairSync('rsa', { modulusLength: Number(type.slice(3)) }).privateKey;
  }
}

/** What the certificate should be. Every absent field gets the value of a good device certificate. */
export interface Wanted {
  /** The subject in the form of `openssl req -subj`: `/CN=edge-001`. */
  readonly subject: string;
  /** A key file below the folder, made if it does not exist. By default, each certificate has its own key file. */
  readonly key?: string;
  readonly keyType?: KeyType;
  /** `YYYYMMDDHHMMSSZ`; from 2026-01-01 to 2028-01-01 by default. */
  readonly start?: string;
  readonly end?: string;
  readonly digest?: string;
  /** Signs with RSA-PSS, using an RSA key. */
  readonly pss?: boolean;
  /** The lines of the extension section in openssl's configuration. */
  readonly extensions?: readonly string[];
}

/** The certificate of an RSA key (PEM) with another public exponent of three bytes. Its signature does not fit any more. */
export function withExponent(pem: string, exponent: number): string {
  const der = Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64');
  const usual = der.indexOf(Buffer.from('0203010001', 'hex'));
  if (usual < 0) throw new Error('no RSA key with the usual exponent');
  der.writeUIntBE(exponent, usual + 2, 3);
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

const leafExtensions = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = clientAuth',
] as const;

/** Makes a self-signed certificate `<name>.pem` in the folder, with its key in `keys/` there. Needs openssl 1.1 or newer. */
export function makeCertificate(folder: string, name: string, wanted: Wanted): string {
  const work = join(folder, 'keys');
  mkdirSync(work, { recursive: true });
  const key = join(work, wanted.key ?? `${name}.key.pem`);
  const keyType = wanted.keyType ?? 'p256';
  if (!existsSync(key)) makeKey(key, keyType);
  const config = join(work, `${name}.cnf`);
  writeFileSync(config, configuration(wanted.extensions ?? leafExtensions));
  writeFileSync(join(work, 'index.txt'), '');
  const pem = join(folder, `${name}.pem`);
  openssl(work, 'req', '-new', '-utf8', '-config', config, '-key', key, '-subj', wanted.subject, '-out', 'request.csr');
  const dates = ['-startdate', wanted.start ?? '20260101000000Z', '-enddate', wanted.end ?? '20280101000000Z'];
  const digest = wanted.digest ?? (keyType === 'ed25519' ? 'default' : 'sha256');
  const fixed = ['-selfsign', '-batch', '-notext', '-utf8', '-preserveDN', '-in', 'request.csr', '-out', pem];
  const padding = wanted.pss === true ? ['-sigopt', 'rsa_padding_mode:pss'] : [];
  openssl(work, 'ca', '-config', config, '-keyfile', key, '-md', digest, ...padding, ...dates, ...fixed);
  return pem;
}

function configuration(extensions: readonly string[]): string {
  return [
    '[req]',
    'prompt = no',
    'string_mask = utf8only',
    'distinguished_name = name',
    '[name]',
    'CN = unused',
    '[ca]',
    'default_ca = self',
    '[self]',
    'database = index.txt',
    'new_certs_dir = .',
    'rand_serial = yes',
    'unique_subject = no',
    'policy = any',
    ...(extensions.length === 0 ? [] : ['x509_extensions = v3']),
    '[any]',
    'commonName = optional',
    'organizationName = optional',
    '[v3]',
    ...extensions,
    '',
  ].join('\n');
}
