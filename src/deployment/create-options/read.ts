import { type Lenient, readLenient } from '../json/lenient.ts';
import type { MapValue, Member, Source, Value } from '../json/value.ts';
import { problem, problemAtKey } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import type { Held, Reading } from '../reading/shape.ts';
import { trimmed } from '../route/dotnet-text.ts';
import { hasPlaceholder, withQuotes } from '../template.ts';
import { createOptionsModel, ofHostConfig } from './model.ts';
import { joined, piecesOf, type WrongPiece } from './pieces.ts';

/** Reads createOptions of a module's settings: DockerConfigJsonConverter and GetCreateOptions of DockerConfig.cs. */
export function readCreateOptions(reading: Reading, settings: MapValue, members: readonly Member[], key: string): Held {
  const pieces = piecesOf(members);
  if (pieces.wrong !== undefined) return refusePiece(reading, settings, pieces.wrong, key);
  const [only] = pieces.members;
  if (only === undefined) return 'value';
  tellKeys(reading, settings, pieces.members, key);
  const path = `${key}.createOptions`;
  if (pieces.members.length === 1 && only.value.kind === 'map') return readObject(reading, only.value, path);
  if (pieces.members.some(({ value }) => isWholePlaceholder(reading, value))) return 'value';
  return readText(reading, settings, pieces.members, path);
}

/** The text is nothing but a placeholder, or a placeholder stands for it without quotes. */
function isWholePlaceholder(reading: Reading, value: Value): boolean {
  if (value.kind !== 'text' || !reading.isOpen(value)) return false;
  return value.bare === true || !/[{[]\s*("|\\|'|\})/.test(value.text);
}

function refusePiece(reading: Reading, settings: MapValue, { member, expected }: WrongPiece, key: string): Held {
  if (reading.template && hasPlaceholder(member.key)) return 'value';
  const details = {
    of: reading.of,
    runtime: reading.runtime.name,
    stage: 'parse',
    key,
    written: member.key,
    expected,
  } as const;
  reading.problems.push(problemAtKey('deployment/create-options-pieces', details, settings, member.keyOffset));
  return 'refused';
}

/** Keys that only contain the name are taken for it. */
function tellKeys(reading: Reading, settings: MapValue, members: readonly Member[], key: string): void {
  for (const one of members) {
    if (/^createOptions\d*$/.test(one.key)) continue;
    const details = { of: reading.of, key, written: one.key, known: 'createOptions' };
    // In other letters it is still the same key, and people mean it.
    const rule = /^createOptions\d*$/i.test(one.key) ? 'deployment/key-case' : 'deployment/create-options-key';
    reading.problems.push(problemAtKey(rule, details, settings, one.keyOffset));
  }
}

/** An object is turned into its own text, and read again. The tools that fill in templates write it as text themselves. */
function readObject(reading: Reading, value: MapValue, path: string): Held {
  if (!reading.template) reading.problems.push(problem('deployment/create-options-object', { key: path }, value));
  if (depthOf(value) > reading.runtime.levels) return refuseText(reading, path, 'too-deep', value);
  return reading.fields(value, createOptionsModel(reading.runtime), path, ofHostConfig);
}

function depthOf(value: Value): number {
  if (value.kind === 'list') return 1 + value.items.reduce((most, item) => Math.max(most, depthOf(item)), 0);
  return value.kind === 'map' ? 1 + value.members.reduce((most, one) => Math.max(most, depthOf(one.value)), 0) : 0;
}

function readText(reading: Reading, settings: MapValue, members: readonly Member[], path: string): Held {
  const { text, source } = joined(members, settings);
  if (trimmed(text) === '' || text.toLowerCase() === 'null') return 'value';
  const read = readJson(reading, settings, text, source);
  if (read.kind === 'refused') {
    // What is filled in decides whether it is JSON.
    if (reading.template && hasPlaceholder(text)) return 'value';
    return refuseText(reading, path, read.why, read.offset);
  }
  if (!read.strict)
    reading.problems.push(problem('deployment/create-options-lenient', { key: path }, source.inFile(0)));
  if (read.kind === 'nothing') return 'value';
  const { value } = read;
  if (value.kind === 'null' || (value.kind === 'text' && value.text === '')) return 'value';
  if (value.kind !== 'map') {
    if (reading.template && value.kind === 'text' && hasPlaceholder(text)) return 'value';
    return refuseText(reading, path, { found: foundText(value) }, source.inFile(0));
  }
  return reading.inText().fields(value, createOptionsModel(reading.runtime), path, ofHostConfig);
}

/** In a template a placeholder may stand in the text where JSON has a number. */
function readJson(reading: Reading, settings: MapValue, text: string, source: Source): Lenient {
  const filled = withQuotes(text).text;
  if (!reading.template && filled !== text) return readLenient(text, source, reading.runtime.levels);
  const read = reading.texts.createOptions(settings, filled, source);
  const isDeep = read.kind === 'value' && depthOf(read.value) > reading.runtime.levels;
  return isDeep ? readLenient(filled, source, reading.runtime.levels) : read;
}

type Why = 'ends-early' | 'not-json' | 'after-end' | 'too-deep' | { readonly found: string };

function refuseText(reading: Reading, key: string, why: Why, at: Value | number): Held {
  const details = {
    of: reading.of,
    runtime: reading.runtime.name,
    stage: 'parse',
    key,
    why,
    levels: reading.runtime.levels,
  } as const;
  reading.problems.push(problem('deployment/create-options', details, at));
  return 'refused';
}
