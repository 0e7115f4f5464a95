import type { Value } from '../json/value.ts';
import { doubleText, isInteger } from './number.ts';

/** JToken.ToString of Newtonsoft.Json. */
export function textOf(value: Value): string {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'number':
      return isInteger(value.written) ? String(BigInt(value.written)) : doubleText(Number(value.written));
    case 'truth':
      return value.value ? 'True' : 'False';
    case 'null':
      return '';
    default:
      return jsonOf(value);
  }
}

/** The JSON of a value, for what only has to be read again. */
function jsonOf(value: Value): string {
  switch (value.kind) {
    case 'text':
      return JSON.stringify(value.text);
    case 'number':
      return /N|I/.test(value.written) ? JSON.stringify(value.written) : value.written;
    case 'truth':
      return String(value.value);
    case 'null':
      return 'null';
    case 'list':
      return `[${value.items.map(jsonOf).join(',')}]`;
    case 'map':
      return `{${value.members.map((one) => `${JSON.stringify(one.key)}:${jsonOf(one.value)}`).join(',')}}`;
  }
}
