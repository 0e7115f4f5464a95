import { posix } from 'node:path';

/** Tells whether a file may hold a private key, by its name. What it holds is decided by its bytes. */
export function mayHoldKey(name: string): boolean {
  const lower = name.toLowerCase();
  const [, ...endings] = lower.split('.');
  // Copies too: `edge.key.bak`, `edge.pem.old`, `edge.pfx.b64`, `edge.pem~`.
  if (endings.some((ending) => extensions.has(ending.replace(/~+$/, '')))) return true;
  if (/^id_/.test(lower)) return true;
  if (isEnvironment(lower)) return !/\.(example|sample|template|dist)$/.test(lower);
  return textEndings.has(posix.extname(lower)) && /(^|[^a-z])(keys?|jwks?|privkey|private)([^a-z]|$)/.test(lower);
}

const extensions = new Set([
  ...['pem', 'key', 'pfx', 'p12', 'pk8', 'p8', 'der', 'crt', 'cer', 'ppk'],
  ...['jks', 'jceks', 'keystore', 'jwk', 'jwks', 'pvk'],
]);

/** A text file may be anything, so it needs a word of keys in its name: `device-key.json`. */
const textEndings = new Set(['', '.json', '.txt', '.b64', '.base64']);

/** `.env`, `.env.local`, `plant.env` */
function isEnvironment(lower: string): boolean {
  return /(^|\.)env(\.|$)/.test(lower);
}
