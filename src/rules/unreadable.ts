import type { ForeignForm } from '../model/foreign-form.ts';
import { pemBeside, pkcs7Command, pkcs12Command, pkcs12Legacy } from './commands.ts';
import { foreignFormRemedy, foreignFormText } from './foreign-form.ts';
import { shellWord } from './shell.ts';

/** Why a file is not read as a certificate. */
export type Unreadable =
  /** `detail`: the words of the workspace. */
  | { readonly kind: 'unread'; readonly detail: string }
  | { readonly kind: ForeignForm }
  /** `escaped`: the line breaks are written as `\\n`, as in JSON. */
  | { readonly kind: 'escaped' }
  | { readonly kind: 'empty' | 'damaged' | 'no-end' | 'no-certificate' | 'public-key' | 'request' | 'pkcs12' }
  | { readonly kind: 'pkcs7'; readonly form: 'pem' | 'der' }
  /** The PEM blocks have other labels; this is the first one. */
  | { readonly kind: 'other-pem'; readonly label: string }
  /** `number` counts from 1. */
  | { readonly kind: 'damaged-in-chain'; readonly number: number; readonly count: number }
  | { readonly kind: 'too-many'; readonly count: number; readonly most: number }
  /** `message`: the words of the parser. */
  | { readonly kind: 'field' | 'field-in-chain'; readonly message: string };

/** Says why a file is not read, as a clause. */
export function unreadableText(problem: Unreadable): string {
  switch (problem.kind) {
    case 'unread':
      return problem.detail;
    case 'lfs-pointer':
    case 'utf-16':
      return foreignFormText[problem.kind];
    case 'escaped':
      return 'its line breaks are written as \\n, as in JSON or a variable, expected line breaks';
    case 'empty':
      return 'the file is empty';
    case 'damaged':
      return 'what stands between BEGIN and END is damaged';
    case 'no-end':
      return 'its END CERTIFICATE line is missing, or does not follow the certificate';
    case 'no-certificate':
      return 'it is neither PEM (no BEGIN CERTIFICATE line) nor a certificate in DER';
    case 'public-key':
      return 'it holds a public key alone, not a certificate';
    case 'request':
      return 'it is a certificate request (CSR), which nobody has signed yet';
    case 'pkcs12':
      return 'it is a PKCS#12 bundle, without a private key';
    case 'pkcs7':
      return 'it is a PKCS#7 bundle of certificates';
    case 'other-pem':
      return `it holds no CERTIFICATE block, but ${problem.label}`;
    case 'damaged-in-chain':
      return `certificate ${problem.number} of ${problem.count} in it is damaged`;
    case 'too-many':
      return `it holds ${problem.count} certificates, expected the device's own and its issuers, ${problem.most} at most`;
    case 'field':
      return `a field of it cannot be read (${problem.message})`;
    case 'field-in-chain':
      return `a field of one of its certificates cannot be read (${problem.message})`;
  }
}

/** Says how to get a readable certificate out of such a file. */
export function unreadableRemedy(path: string, problem: Unreadable): string {
  switch (problem.kind) {
    case 'lfs-pointer':
    case 'utf-16':
      return foreignFormRemedy[problem.kind];
    case 'escaped':
      return `Write it again with line breaks: printf '%b' "$(cat ${shellWord(path)})" >${shellWord(pemBeside(path))}.`;
    case 'request':
      return 'Have it signed by your certificate authority, and commit the certificate that comes back.';
    case 'pkcs12':
      return `Take the certificates out of it: ${pkcs12Command(path, '-nokeys')} (${pkcs12Legacy}).`;
    case 'pkcs7':
      return `Take the certificates out of it: ${pkcs7Command(path, problem.form)}, the device's own first.`;
    case 'too-many':
      return "Keep the device's own certificate in it, and the authorities that issued it, no others.";
    default:
      return `See what it holds: openssl x509 -in ${shellWord(path)} -noout -subject. Then export it again as PEM or DER.`;
  }
}
