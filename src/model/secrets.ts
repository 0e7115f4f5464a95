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
