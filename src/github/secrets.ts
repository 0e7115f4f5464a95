import { escapeMarkdown } from '../report/markdown.ts';
import type { Settings } from '../run/settings.ts';

/**
 * Takes what the inputs hold in secret (access keys, the token) out of a text, as it is, as URLs and as Markdown have it. The runner
 * does so with the log and the summary alone, not with files and comments, and knows no Markdown; and it drops an output that
 * holds a secret.
 */
export function hiding(settings: Settings): (text: string) => string {
  const keys = (settings['connection-string'] ?? '').matchAll(/\bSharedAccessKey=([^;\s]+)/gi);
  const secrets = [
    settings['github-token'] ?? '',
    ...[...keys].map(([, key = '']) => key),
    ...signaturesIn(settings),
  ].filter(isSecret);
  const forms = secrets.flatMap(formsOf).flatMap((form) => [form, escapeMarkdown(form)]);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
}

/** A secret as it is, and as it stands in a URL. */
export function formsOf(secret: string): readonly string[] {
  return [...new Set([secret, encodeURIComponent(secret)])];
}

/** The signature of the import container, as it stands in the URL and as it is. */
export function signaturesIn(settings: Settings): readonly string[] {
  const [, signature] = /[?&]sig=([^&\s]+)/i.exec(settings['import-container'] ?? '') ?? [];
  if (signature === undefined) return [];
  const plain = new URLSearchParams(`sig=${signature}`).get('sig') ?? '';
  return [...new Set([signature, plain])].filter(isSecret);
}

/** A few letters are no secret, and taking them out would spoil everything. */
function isSecret(text: string): boolean {
  return text.length >= 8;
}
