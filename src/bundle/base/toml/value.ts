import type { ValueProblem } from '../../../rules/base-toml.ts';
import type { TomlType } from './known-keys.ts';
import type { TomlValue } from './tree.ts';

type Simple = Exclude<TomlType, { readonly kind: 'section' | 'map' | 'list' | 'either' }>;

/**
 * What the runtime refuses in a value that is no section. Nothing is converted: "5" is no number, and 5.0 is none either.
 * @param minor the version of the runtime, 6 for 1.6
 */
export function problemOfValue(value: TomlValue, type: Simple, minor: number): ValueProblem | undefined {
  switch (type.kind) {
    case 'anything':
      return undefined;
    case 'boolean':
      return value.kind === 'boolean' ? undefined : wrongType(value, type);
    case 'integer':
      return value.kind === 'integer'
        ? problemOfNumber(value.value, minimumOf(type, minor), type.max)
        : wrongType(value, type);
    case 'retries':
      if (value.kind === 'integer') return problemOfNumber(value.value, 0, 2 ** 32 - 1);
      return value.kind === 'text' && /^infinite$/i.test(String(value.value)) ? undefined : { kind: 'retries' };
    default:
      return value.kind === 'text' ? problemOfText(String(value.value), type) : wrongType(value, type);
  }
}

function minimumOf({ min, raised }: Extract<TomlType, { kind: 'integer' }>, minor: number): number {
  return raised === undefined || minor < Number(raised.since.slice('1.'.length)) ? min : raised.min;
}

function problemOfNumber(value: unknown, min: number, max: number): ValueProblem | undefined {
  const number = Number(value);
  if (number >= min && number <= max) return undefined;
  return { kind: 'range', min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { max }), found: String(value) };
}

function problemOfText(text: string, type: Simple): ValueProblem | undefined {
  switch (type.kind) {
    case 'word':
      return type.words.includes(text) ? undefined : { kind: 'word', words: type.words, found: text };
    case 'url':
      return isUrl(text) ? undefined : { kind: 'url' };
    case 'file':
      return !isUrl(text) ? { kind: 'url' } : isFile(text) ? undefined : { kind: 'no-file' };
    case 'private-key':
      return isPrivateKey(text) ? undefined : { kind: 'private-key' };
    case 'share-or-time':
      return isShareOrTime(text) ? undefined : { kind: 'share-or-time' };
    default:
      return undefined;
  }
}

/** The runtime reads URLs as browsers do. */
function isUrl(text: string): boolean {
  return URL.canParse(text);
}

function isFile(text: string): boolean {
  const { protocol, host } = new URL(text);
  return protocol === 'file:' && host === '';
}

/** Whether it is a `pkcs11:` URI with a token or a slot. */
export function isSlot(value: TomlValue): boolean {
  return value.kind === 'text' && /^pkcs11:([^?]*;)?(token=.|slot-id=\d+([;?]|$))/.test(String(value.value));
}

/** A `pkcs11:` URI needs a token or a slot and names the key by an object; the scheme is in lower case. */
export function isPrivateKey(text: string): boolean {
  if (!text.startsWith('pkcs11:')) return isUrl(text) && new URL(text).protocol === 'file:';
  const [path = ''] = text.slice('pkcs11:'.length).split('?');
  const attributes = path.split(';');
  return (
    attributes.some((one) => /^(token=.|slot-id=\d+$)/.test(one)) && attributes.some((one) => one.startsWith('object='))
  );
}

/** When a certificate is renewed: 1% to 99% of its lifetime, or a time before its end. */
function isShareOrTime(text: string): boolean {
  const [, number = '', unit] = /^(\d+)(%|min|day)$/.exec(text) ?? [];
  return unit !== undefined && Number(number) > 0 && (unit !== '%' || Number(number) < 100);
}

export function wrongType(value: TomlValue, type: TomlType): ValueProblem {
  return { kind: 'type', expected: expectedOf(type), found: kinds[value.kind] };
}

const kinds: Readonly<Record<TomlValue['kind'], string>> = {
  text: 'text',
  integer: 'a whole number',
  float: 'a number with a fraction',
  boolean: 'true or false',
  date: 'a date',
  list: 'a list',
  table: 'a section',
};

function expectedOf(type: TomlType): string {
  switch (type.kind) {
    case 'integer':
      return 'a whole number';
    case 'boolean':
      return 'true or false, without quotes';
    case 'list':
      return 'a list';
    case 'map':
    case 'section':
      return 'a section';
    case 'either':
      return type.of.map(expectedOf).join(' or ');
    default:
      return 'text in quotes';
  }
}
