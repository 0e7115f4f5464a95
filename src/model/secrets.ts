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
      // A JWT, signed or encrypted: `{"` in base64url, then two to four more parts.
      .replace(/eyJ[\w-]{10,}(\.[\w-]*){2,4}/g, '***')
      .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '(a private key)')
  );
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
