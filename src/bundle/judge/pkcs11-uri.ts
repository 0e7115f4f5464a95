/** A `pkcs11:` URI as the runtime reads it (Uri::from_str in pkcs11/pkcs11/src/lib.rs of Azure/iot-identity-service). */
export interface ModuleUri {
  readonly token?: string;
  readonly slot?: string;
  /** The label of the key. */
  readonly object?: string;
  /** The parts that the runtime leaves out in silence, by their names: `id`, `pin-source`. */
  readonly dropped: readonly DroppedPart[];
}

/** `twice`: only the last one counts. `beside-slot`: a token is left out where there is a slot. */
export interface DroppedPart {
  readonly name: string;
  readonly why: 'unknown' | 'twice' | 'beside-slot';
}

/** Why the runtime refuses a `pkcs11:` URI. */
export type ModuleUriProblem = 'module-scheme' | 'module-place' | 'module-slot' | 'module-not-utf8';

/** Reads a `pkcs11:` URI. Unlike RFC 7512 says, the runtime knows four parts only, and its scheme in lower case. */
export function readModuleUri(text: string): ModuleUri | ModuleUriProblem {
  if (!text.startsWith(scheme)) return 'module-scheme';
  const rest = text.slice(scheme.length);
  const question = rest.indexOf('?');
  const [path, query] = question === -1 ? [rest, ''] : [rest.slice(0, question), rest.slice(question + 1)];
  const parts = path.split(';').map(partOf);
  const asked = query.split('&').map(partOf);
  const known = [...parts.filter(({ name }) => inPath.has(name)), ...asked.filter(({ name }) => name === pin)];
  if (known.some(({ value }) => value === undefined)) return 'module-not-utf8';
  if (parts.some(({ name, value }) => name === 'slot-id' && !isSlot(value ?? ''))) return 'module-slot';
  const last = (name: string) => parts.findLast((part) => part.name === name)?.value;
  const [token, slot, object] = [last('token'), last('slot-id'), last('object')];
  if (token === undefined && slot === undefined) return 'module-place';
  return {
    ...(token === undefined || slot !== undefined ? {} : { token }),
    ...(slot === undefined ? {} : { slot }),
    ...(object === undefined ? {} : { object }),
    dropped: droppedOf(parts, asked),
  };
}

const scheme = 'pkcs11:';
const pin = 'pin-value';
const inPath: ReadonlySet<string> = new Set(['object', 'slot-id', 'token']);

interface Part {
  readonly name: string;
  /** `undefined` if it is not UTF-8. */
  readonly value: string | undefined;
}

function partOf(text: string): Part {
  const equals = text.indexOf('=');
  const [name, value] = equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  return { name: percentDecoded(name) ?? name, value: percentDecoded(value) };
}

/** A decimal number of 64 bits, as Rust reads one. */
function isSlot(text: string): boolean {
  return /^\+?\d+$/.test(text) && BigInt(text.replace('+', '')) < 2n ** 64n;
}

function droppedOf(path: readonly Part[], query: readonly Part[]): readonly DroppedPart[] {
  const dropped: DroppedPart[] = [];
  const has = (name: string) => path.some((part) => part.name === name);
  for (const { name } of path) if (name !== '' && !inPath.has(name)) dropped.push({ name, why: 'unknown' });
  for (const { name } of query) if (name !== '' && name !== pin) dropped.push({ name, why: 'unknown' });
  if (has('token') && has('slot-id')) dropped.push({ name: 'token', why: 'beside-slot' });
  for (const name of inPath)
    if (path.filter((part) => part.name === name).length > 1) dropped.push({ name, why: 'twice' });
  if (query.filter(({ name }) => name === pin).length > 1) dropped.push({ name: pin, why: 'twice' });
  return dropped;
}

/** Decodes as Rust's percent-encoding does: a `%` without two hex digits stands for itself. */
export function percentDecoded(text: string): string | undefined {
  const encoder = new TextEncoder();
  const bytes = text
    .split(/(%[0-9A-Fa-f]{2})/)
    .flatMap((piece) =>
      /^%[0-9A-Fa-f]{2}$/.test(piece) ? [Number.parseInt(piece.slice(1), 16)] : [...encoder.encode(piece)],
    );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}
