import type { Settings } from './setting-reader.ts';

/** The secrets in the settings: access keys of connection strings, the token, the signature of the import container. */
export function secretsIn(settings: Settings): readonly string[] {
  const keys = (settings['connection-string'] ?? '').matchAll(/\bSharedAccessKey=([^;\s]+)/gi);
  const token = settings['github-token']?.trim() ?? '';
  return [token, ...[...keys].map(([, key = '']) => key), ...signaturesIn(settings)].filter(isSecret);
}

/** The signature of the import container in the form of the URL and in its plain form. */
function signaturesIn(settings: Settings): readonly string[] {
  const [, signature] = /[?&]sig=([^&\s]+)/i.exec(settings['import-container'] ?? '') ?? [];
  if (signature === undefined) return [];
  const plain = new URLSearchParams(`sig=${signature}`).get('sig') ?? '';
  return [...new Set([signature, plain])];
}

/** A text of a few letters is not a secret, and masking it would damage other texts. */
function isSecret(text: string): boolean {
  return text.length >= 8;
}
