import { hasPlaceholder } from '../template.ts';

/** Names whose values are secrets. A name that says where the secret is, such as `DB_PASSWORD_FILE`, is none. */
const names = /(password|passwd|pwd|secret|token|api_?key|access_?key|private_?key|account_?key|connection_?string)$/i;
const places = /_?(file|path|name|uri|url|endpoint|id|location|directory|dir)$/i;

/** Values that hold a secret whatever their name is. */
const values =
  /\b(SharedAccessKey|AccountKey|SharedAccessSignature|sig)=[A-Za-z0-9+/%]{16,}|\b(Password|Pwd)=[^;\s]{4,}|:\/\/[^/\s:@]+:[^/\s:@]{4,}@|-----BEGIN [A-Z ]*PRIVATE KEY-----/i;

/** Tells whether a name and its value write a secret out. Placeholders, empty values and stand-ins are none. */
export function isWrittenSecret(name: string, value: string): boolean {
  if (isStandIn(value)) return false;
  if (values.test(value)) return !/\b(SharedAccessKey|AccountKey|Password|Pwd)=(\*{3,}|x{3,}|REPLACE)/i.test(value);
  return names.test(name) && !places.test(name) && !isPath(value);
}

/** What samples write where you put your own: `REPLACE_ME`, `<password>`, `your-password`, `***`, `…`. */
function isStandIn(value: string): boolean {
  const text = value.trim();
  if (text.length < 4 || hasPlaceholder(text) || /^(true|false|null|none|\d+)$/i.test(text)) return true;
  if (/^([*xX.…#?-])\1*$/.test(text)) return true;
  return /replace|change_?-?me|placeholder|^\W*(your|my|the|enter|insert|put|add)[\W_]|^<.*>$|^\[.*\]$|^\{.*\}$|todo|example|dummy/i.test(
    text,
  );
}

function isPath(value: string): boolean {
  return /^(\.{0,2}\/|file:|[A-Za-z]:\\)/.test(value.trim());
}
