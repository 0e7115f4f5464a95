/**
 * Removes secrets from a text: keys and signatures of connection strings, tokens, private keys. Every text that people see goes
 * through it, because a connection string pasted into a wrong setting must not be quoted in a public log.
 */
export function scrubbed(text: string): string {
  return (
    text
      .replace(/SharedAccessSignature\s+\S+/gi, 'SharedAccessSignature ***')
      .replace(/\b(sig|SharedAccessKey|AccountKey)=[^\s&;"',]+/gi, '$1=***')
      .replace(/\bBearer\s+\S+/gi, 'Bearer ***')
      // From the start of each run, and not from each letter: a long text of a manifest may repeat `eyJ`.
      .replace(/(?<![\w-])[\w-]+(?:\.[\w-]*){2,}/g, withoutToken)
      .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '(a private key)')
  );
}

/** A JWT, signed or encrypted: `{"` in base64url, then at least two more parts. */
function withoutToken(dotted: string): string {
  const parts = dotted.split('.');
  const first = parts.findIndex((part, index) => index < parts.length - 2 && /eyJ[\w-]{10}/.test(part));
  if (first < 0) return dotted;
  const before = (parts[first] ?? '').split('eyJ')[0] ?? '';
  return [...parts.slice(0, first), `${before}***`].join('.');
}

/** Returns a copy of a list or map for JSON with the secrets removed from all its texts, at any depth. Even an id may hold one. */
export function withoutSecrets(value: object): object {
  if (Array.isArray(value)) return value.map(clean);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return scrubbed(value);
  return typeof value === 'object' && value !== null ? withoutSecrets(value) : value;
}
