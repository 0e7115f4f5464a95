import type { Value } from '../json/value.ts';
import { problem } from '../problem.ts';
import { respeltDate } from './date.ts';
import { foundText } from './found.ts';
import { respelt, wholeOfNumber, wholeOfText } from './number.ts';
import type { Held, Reading, Shape, Words } from './shape.ts';
import { wordOfNumber, wordOfText } from './word.ts';

/** Reads a text, and gives it as it is held. */
export function heldText(reading: Reading, value: Value): string | undefined {
  switch (value.kind) {
    case 'text':
      return reading.twin ? (respeltDate(value.text) ?? value.text) : value.text;
    case 'number':
      return reading.twin ? respelt(value.written) : value.written;
    case 'truth':
      return String(value.value);
    default:
      return undefined;
  }
}

export function readText(reading: Reading, value: Value, key: string): Held {
  if (value.kind === 'null')
    return value.undefined && !reading.twin
      ? reading.refuse({ kind: 'type', key, expected: 'text', found: 'undefined' }, value)
      : 'null';
  const held = heldText(reading, value);
  if (held === undefined)
    return reading.refuse({ kind: 'type', key, expected: 'text', found: foundText(value) }, value);
  const written = value.kind === 'text' ? value.text : value.kind === 'number' ? value.written : held;
  if (held !== written) {
    reading.problems.push(
      problem('deployment/respelt-value', { key, of: reading.of, held, date: value.kind === 'text' }, value),
    );
  }
  return 'value';
}

/** Unknown keys of open objects are kept as JSON tokens, and dates in them are written anew. */
export function keepAny(reading: Reading, value: Value, key: string): Held {
  if (value.kind === 'text') {
    const held = respeltDate(value.text);
    if (held !== undefined && held !== value.text) {
      reading.problems.push(problem('deployment/respelt-value', { key, of: reading.of, held, date: true }, value));
    }
  } else if (value.kind === 'map') for (const one of value.members) keepAny(reading, one.value, `${key}.${one.key}`);
  else if (value.kind === 'list')
    for (const [index, item] of value.items.entries()) keepAny(reading, item, `${key}[${index}]`);
  return value.kind === 'null' ? 'null' : 'value';
}

export function readWord(
  reading: Reading,
  value: Value,
  { words, converter, defined, heldAsNumber, unused }: Words,
  key: string,
): Held {
  const known = words.map(({ names: [written, source] }) => (heldAsNumber ? source.toLowerCase() : written));
  const fault = { kind: 'word', key, words: known.filter((word) => word !== ''), found: foundText(value) } as const;
  if (value.kind === 'truth' && converter === 'plain') return changed(reading, key, value.value ? 1 : 0, value);
  if (value.kind !== 'text' && value.kind !== 'number') return reading.refuse(fault, value);
  const read = value.kind === 'text' ? wordOfText(value.text, words) : wordOfNumber(value.written);
  if (read.kind === 'refused') return reading.refuse(fault, value);
  const word = words.find(({ number }) => number === read.number);
  if (word === undefined && defined) return reading.refuse(fault, value);
  if (heldAsNumber) return changed(reading, key, read.number, value);
  return read.plain || unused ? 'value' : changed(reading, key, word?.names[0] ?? read.number, value);
}

function changed(reading: Reading, key: string, held: string | number | bigint | boolean, value: Value): 'value' {
  const written = foundText(value);
  reading.problems.push(
    problem('deployment/changed-value', { key, of: reading.of, written, held: String(held) }, value),
  );
  return 'value';
}

export function readWhole(
  reading: Reading,
  value: Value,
  { type, nullable }: Shape & { kind: 'whole' },
  key: string,
): Held {
  const fault = { kind: 'whole', key, type, found: foundText(value) } as const;
  switch (value.kind) {
    case 'null':
      return nullable === true ? 'null' : reading.refuse(fault, value);
    case 'number':
    case 'text': {
      if (value.kind === 'text' && value.text === '' && nullable === true) return 'null';
      const whole = value.kind === 'text' ? wholeOfText(value.text, type) : wholeOfNumber(value.written, type);
      if (whole.kind === 'refused') return reading.refuse(fault, value);
      return whole.changed ? changed(reading, key, whole.value, value) : 'value';
    }
    case 'truth':
      // Convert.ToUInt32(true) is 1. ReadAsInt32 has no such word.
      return type === 'int32' ? reading.refuse(fault, value) : changed(reading, key, value.value ? 1 : 0, value);
    default:
      return reading.refuse(fault, value);
  }
}

/** ReadAsBoolean of JsonTextReader.cs. */
export function readTruth(reading: Reading, value: Value, nullable: boolean, key: string): Held {
  const refused = () =>
    reading.refuse({ kind: 'type', key, expected: 'true or false', found: foundText(value) }, value);
  switch (value.kind) {
    case 'truth':
      return 'value';
    case 'null':
      return nullable && !value.undefined ? 'null' : refused();
    case 'number': {
      if (/N|I/.test(value.written)) return refused();
      // A 0 is what is held where nothing is written.
      return Number(value.written) === 0 ? 'value' : changed(reading, key, true, value);
    }
    case 'text': {
      if (value.text === '') return nullable ? 'null' : refused();
      return /^[\s\0]*(true|false)[\s\0]*$/i.test(value.text) ? 'value' : refused();
    }
    default:
      return refused();
  }
}
