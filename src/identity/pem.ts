import { foreignForm } from '../model/foreign-form.ts';

/** One block of a PEM file: its label, such as `CERTIFICATE`, and its bytes. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/**
 * Decodes a file for reading PEM. Only ASCII characters are reliable in the result.
 * Windows may save text as UTF-16, so that is read too: a private key is one in every encoding.
 */
export function asciiText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (foreignForm(bytes) === 'utf-16') return new TextDecoder(bytes[0] === 0 ? 'utf-16be' : 'utf-16le').decode(bytes);
  return bytes.toString('latin1');
}

/**
 * Returns the complete blocks of a text and ignores other text around them.
 * Leaves out blocks with headers inside (encrypted private keys of the old format).
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  // The body stops at the first hyphen, so that many BEGIN lines without END take only linear time.
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g);
  return [...blocks].map(([, label = '', body = '']) => ({ label, der: Buffer.from(body, 'base64') }));
}

/** Returns the labels of all BEGIN lines, also of incomplete blocks. */
export function pemLabels(text: string): readonly string[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map(([, label = '']) => label);
}
