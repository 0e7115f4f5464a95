import { escapeMarkdown } from '../report/markdown.ts';

/**
 * Returns a function that masks secrets in a text: the plain form and the forms in URLs and in Markdown. The runner masks only the
 * log and the summary, not files and comments, and does not know the Markdown form. It drops an output that holds a secret.
 */
export function hiding(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap(formsOf).flatMap((form) => [form, escapeMarkdown(form)]);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
}

/** A secret in its plain form and in the form that it has in a URL. */
export function formsOf(secret: string): readonly string[] {
  return [...new Set([secret, encodeURIComponent(secret)])];
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
