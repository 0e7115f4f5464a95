/**
 * Text without what signs in: keys and signatures of connection strings, tokens, private keys. Everything that people see goes
 * through it: a connection string pasted into the wrong setting must not be quoted back into a public log.
 */
export function scrubbed(text: string): string {
  return (
    text
      .replace(/SharedAccessSignature\s+\S+/gi, 'SharedAccessSignature ***')
      .replace(/\b(sig|SharedAccessKey|AccountKey)=[^\s&;"',]+/gi, '$1=***')
      .replace(/\bBearer\s+\S+/gi, 'Bearer ***')
      // A JWT, signed or encrypted: `{"` in base64url, and two to four parts more.
      .replace(/eyJ[\w-]{10,}(\.[\w-]*){2,4}/g, '***')
      .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '(a private key)')
  );
}

/** The same list or map for JSON, without what signs in in any of its texts, however deep: an id may be a connection string. */
export function withoutSecrets(value: object): object {
  if (Array.isArray(value)) return value.map(clean);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return scrubbed(value);
  return typeof value === 'object' && value !== null ? withoutSecrets(value) : value;
}
