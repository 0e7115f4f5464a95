import type { RuntimeVersion } from '../../../model/fleet.ts';
import type { ValueProblem } from '../../../rules/base-toml.ts';
import { isTimeOfDay, isWholeDays, readDuration } from '../../judge/duration.ts';
import { keyUri, moduleUri } from '../../judge/uri-shapes.ts';
import type { TomlType } from './known-keys.ts';
import type { TomlValue } from './tree.ts';

type Simple = Exclude<TomlType, { readonly kind: 'section' | 'map' | 'list' | 'either' }>;

/**
 * What the runtime refuses in a value that is no section. Nothing is converted: "5" is no number, and 5.0 is none either.
 */
export function problemOfValue(value: TomlValue, type: Simple, version: RuntimeVersion): ValueProblem | undefined {
  switch (type.kind) {
    case 'anything':
      return undefined;
    case 'boolean':
      return value.kind === 'boolean' ? undefined : wrongType(value, type);
    case 'integer':
      return value.kind === 'integer'
        ? problemOfNumber(value.value, minimumOf(type, version), type.max)
        : wrongType(value, type);
    case 'retries':
      if (value.kind === 'integer') return problemOfNumber(value.value, 0, 2 ** 32 - 1);
      return value.kind === 'text' && /^infinite$/i.test(String(value.value)) ? undefined : { kind: 'retries' };
    default:
      return value.kind === 'text' ? problemOfText(String(value.value), type, version) : wrongType(value, type);
  }
}

function minimumOf({ min, raised }: Extract<TomlType, { kind: 'integer' }>, { minor }: RuntimeVersion): number {
  return raised === undefined || minor < Number(raised.since.slice('1.'.length)) ? min : raised.min;
}

function problemOfNumber(value: unknown, min: number, max: number): ValueProblem | undefined {
  const number = Number(value);
  if (number >= min && number <= max) return undefined;
  return { kind: 'range', min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { max }), found: String(value) };
}

function problemOfText(text: string, type: Simple, version: RuntimeVersion): ValueProblem | undefined {
  switch (type.kind) {
    case 'word':
      return type.words.includes(text) ? undefined : { kind: 'word', words: type.words, found: text };
    case 'url':
      return isUrl(text) ? undefined : { kind: 'url' };
    case 'file':
      return !isUrl(text) ? { kind: 'url' } : isFile(text) ? undefined : { kind: 'no-file' };
    case 'private-key':
      return isPrivateKey(text) ? undefined : { kind: 'private-key' };
    case 'slot':
      return moduleUri(text, []).length === 0 ? undefined : { kind: 'slot' };
    case 'duration':
      return readDuration(text, version) === undefined ? { kind: 'duration' } : undefined;
    case 'whole-days': {
      const length = readDuration(text, version);
      return length !== undefined && isWholeDays(length) ? undefined : { kind: 'whole-days' };
    }
    case 'time':
      return isTimeOfDay(text) ? undefined : { kind: 'time' };
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

/** Whether the key service can find a private key by it. */
export function isPrivateKey(text: string): boolean {
  return keyUri(text, []).length === 0;
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
