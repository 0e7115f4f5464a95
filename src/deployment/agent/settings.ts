import { isPieceKey } from '../create-options/pieces.ts';
import { readCreateOptions } from '../create-options/read.ts';
import type { MapValue, Member, Value } from '../json/value.ts';
import { problemAtKey } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import { unknownKey } from '../reading/known-keys.ts';
import { type Held, object, type Reading, type Shape, text, truth } from '../reading/shape.ts';
import { hasPlaceholder } from '../template.ts';
import { readImage } from './image.ts';

/** Settings of a module: DockerConfigJsonConverter of DockerConfig.cs, which looks keys up by itself. */
export const settings: Shape = { kind: 'own', read: readSettings };

/** NotaryContentTrust.cs, up to 1.1. */
const notaryContentTrust = object({ rootJsonPath: text, rootID: text, rootCertificatePath: text, disableTOFU: truth });

const named = ['image', 'createOptions'] as const;

function readSettings(reading: Reading, value: Value, key: string): Held {
  if (reading.isOpen(value)) return 'value';
  if (value.kind !== 'map')
    return reading.refuse({ kind: 'type', key, expected: 'an object', found: foundText(value) }, value);
  const members = reading.membersOf(value);
  const image = lookUp(members, 'image');
  const image2 = readImage(reading, image?.value, `${key}.${image?.key ?? 'image'}`, value);
  const options = readCreateOptions(reading, value, members, key);
  const { settingsKey } = reading.runtime;
  const other = lookUp(members, settingsKey);
  const read = other === undefined ? 'value' : readOther(reading, other, settingsKey, key);
  for (const one of members) {
    if (one === image || one === other) {
      const known = one === image ? 'image' : settingsKey;
      if (one.key !== known) {
        const details = { of: reading.of, key, written: one.key, known };
        reading.problems.push(problemAtKey('deployment/key-case', details, value, one.keyOffset));
      }
    } else if (!isPieceKey(one.key)) reading.problems.push(...unknown(reading, one, value, key));
  }
  return [image2, options, read].includes('refused') ? 'refused' : 'value';
}

function unknown(reading: Reading, one: Member, map: MapValue, key: string) {
  if (reading.template && hasPlaceholder(one.key)) return [];
  const double = ['image'].find((known) => known === one.key.toLowerCase());
  if (double !== undefined) {
    const details = { of: reading.of, key, written: one.key, known: double, other: double };
    return [problemAtKey('deployment/key-twice', details, map, one.keyOffset)];
  }
  return unknownKey(one, map, { of: reading.of, key, open: false, known: named });
}

function readOther(reading: Reading, one: Member, name: 'digest' | 'notaryContentTrust', key: string): Held {
  const path = `${key}.${one.key}`;
  if (name === 'notaryContentTrust') return reading.read(one.value, notaryContentTrust, path);
  return one.value.kind === 'null' ? 'value' : reading.read(one.value, text, path);
}

/** JObject.TryGetValue with OrdinalIgnoreCase: the exact name goes first, then the first in any letters. */
export function lookUp(members: readonly Member[], name: string): Member | undefined {
  return members.find(({ key }) => key === name) ?? members.find(({ key }) => key.toLowerCase() === name.toLowerCase());
}
