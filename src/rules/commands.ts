import { shellWord } from './shell.ts';

/** Returns the command that takes certificates out of a PKCS#12 file. */
export function pkcs12Command(path: string, options: '-clcerts -nokeys' | '-nokeys'): string {
  return `openssl pkcs12 -in ${shellWord(path)} ${options} -out ${shellWord(pemBeside(path))}`;
}

/** Returns the command that takes the certificates out of a PKCS#7 file. */
export function pkcs7Command(path: string, form: 'pem' | 'der'): string {
  const inform = form === 'der' ? '-inform DER ' : '';
  return `openssl pkcs7 ${inform}-in ${shellWord(path)} -print_certs -out ${shellWord(pemBeside(path))}`;
}

/** Certificates that Windows and OpenSSL 1 encrypted with RC2 need this option: openssl-pkcs12(1). */
export const pkcs12Legacy = 'add -legacy where OpenSSL 3 says "unsupported"';

/** Returns a name for the output of such a command. It differs from the input's name, since openssl would overwrite its input. */
export function pemBeside(path: string): string {
  const stem = path.replace(/(?<=[^/])\.[^./]*$/, '');
  return `${stem}${/\.pem$/i.test(path) ? '.certificate' : ''}.pem`;
}
