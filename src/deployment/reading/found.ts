import type { Value } from '../json/value.ts';

/** A value for a message: short, and never what may be a secret in full length. */
export function foundText(value: Value): string {
  switch (value.kind) {
    case 'text':
      return JSON.stringify(value.text.length <= longest ? value.text : `${value.text.slice(0, longest)}…`);
    case 'number':
      return value.written.length <= longest ? value.written : `${value.written.slice(0, longest)}…`;
    case 'truth':
      return String(value.value);
    case 'null':
      return value.undefined ? 'undefined' : 'null';
    case 'list':
      return value.items.length === 0 ? '[]' : 'a list';
    case 'map':
      return value.members.length === 0 ? '{}' : 'an object';
  }
}

const longest = 80;
