import { escapeMarkdown } from '../report/markdown.ts';
import type { Settings } from '../run/settings.ts';

/**
 * Returns a function that masks the secrets of the inputs (access keys, the token) in a text: the plain form and the
 * forms in URLs and in Markdown. The runner masks only the log and the summary, not files and comments, and does not
 * know the Markdown form. It drops an output that holds a secret.
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

/** A secret in its plain form and in the form that it has in a URL. */
export function formsOf(secret: string): readonly string[] {
  return [...new Set([secret, encodeURIComponent(secret)])];
}

/** The signature of the import container in the form of the URL and in its plain form. */
export function signaturesIn(settings: Settings): readonly string[] {
  const [, signature] = /[?&]sig=([^&\s]+)/i.exec(settings['import-container'] ?? '') ?? [];
  if (signature === undefined) return [];
  const plain = new URLSearchParams(`sig=${signature}`).get('sig') ?? '';
  return [...new Set([signature, plain])].filter(isSecret);
}

/** A text of a few letters is not a secret, and masking it would damage other texts. */
function isSecret(text: string): boolean {
  return text.length >= 8;
}

/**
 * Returns the passwords of the proxies that the environment names, in the forms in which the URL and the header
 * Proxy-Authorization have them.
 */
export function proxySecretsIn(env: NodeJS.ProcessEnv): readonly string[] {
  const urls = Object.entries(env).flatMap(([name, value = '']) =>
    /(^|_)(http|https|all)_proxy$/i.test(name) ? [value] : [],
  );
  return [...new Set(urls.flatMap(secretsOfProxy))];
}

function secretsOfProxy(url: string): readonly string[] {
  // The protocol may be left out.
  const [, credentials = ''] = /^(?:[a-z][a-z\d+.-]*:\/\/)?([^/?#]*)@/i.exec(url) ?? [];
  const colon = credentials.indexOf(':');
  const password = colon < 0 ? '' : credentials.slice(colon + 1);
  if (password === '') return [];
  const plain = decoded(credentials);
  return [...formsOf(decoded(password)), password, Buffer.from(plain).toString('base64')];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign that encodes nothing.
  }
}
