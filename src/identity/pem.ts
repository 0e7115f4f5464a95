/** One block of a PEM file: `CERTIFICATE` and its bytes. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/**
 * The text of a file as far as PEM is concerned: its ASCII is right, anything else may come out as any other character.
 * Windows saves text also as UTF-16, told by its byte order mark.
 */
export function asciiText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return bytes.toString('latin1');
}

/**
 * The complete blocks of a text, whatever stands around them.
 * Blocks with headers inside (encrypted private keys of the old kind) are not among them.
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  // The body stops at the first hyphen, so that many BEGINs without END cost no more than their length.
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g);
  return [...blocks].map(([, label = '', body = '']) => ({ label, der: Buffer.from(body, 'base64') }));
}

/** The labels of all BEGIN lines, also where the block is cut off. */
export function pemLabels(text: string): readonly string[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map(([, label = '']) => label);
}
