import { measureTwin, type TwinFault, twinLimits } from '../../model/twin-limits.ts';
import type { HubLimit } from '../../rules/deployment-content.ts';
import type { Desired } from '../form.ts';
import { type MapValue, type Member, offsetOf, type Value } from '../json/value.ts';
import { type Problem, problem } from '../problem.ts';
import { hasPlaceholder } from '../template.ts';
import type { Setup } from './setup.ts';

/** What an IoT hub refuses of desired properties, of whichever module. */
export function judgeHubLimits({ deployment, template }: Setup): readonly Problem[] {
  const { agent, hub, others } = deployment;
  return [agent, hub, ...others].flatMap((desired) => (desired === undefined ? [] : ofModule(desired, template)));
}

function ofModule(desired: Desired, template: boolean): readonly Problem[] {
  if (isSmall(desired.value)) return [];
  const parts = partsOf(desired);
  const measured = parts.map(({ value, path }) => ({ path, value, ...measureTwin(plainMap(value)) }));
  const problems = measured.flatMap(({ path, value, faults }) =>
    faults
      .filter((fault) => !(template && isOpen(fault)))
      .map((fault) => faultProblem(desired.module, path, value, fault)),
  );
  const bytes = measured.reduce((sum, part) => sum + part.bytes, 0);
  return [...problems, ...sizeProblem(desired, bytes)];
}

/** Far from every limit, as nearly all are. To tell that takes a tenth of the time of measuring. */
function isSmall(value: Value): boolean {
  const room = { letters: (twinLimits.desiredBytes * 3) / 4 / mostBytes };
  return fits(value, 0, room) && room.letters >= 0;
}

/** UTF-8 has at most three bytes for a UTF-16 code unit. */
const mostBytes = 3;

function fits(value: Value, depth: number, room: { letters: number }): boolean {
  switch (value.kind) {
    case 'text':
      room.letters -= value.text.length;
      return value.text.length * mostBytes <= twinLimits.textBytes;
    case 'number':
      room.letters -= 8;
      return value.written.length < 10;
    case 'truth':
      room.letters -= 4;
      return true;
    case 'null':
      return true;
    case 'list':
      return (
        depth < twinLimits.depth && value.items.every((item) => item.kind !== 'null' && fits(item, depth + 1, room))
      );
    case 'map':
      return (
        depth < twinLimits.depth &&
        value.members.every((one) => isPlainKey(one.key, room) && fits(one.value, depth + 1, room))
      );
  }
}

const plainKey = /^[\w/-]{1,300}$/;

function isPlainKey(key: string, room: { letters: number }): boolean {
  room.letters -= key.length;
  return plainKey.test(key) || key === 'properties.desired' || key === '$version' || key === '$metadata';
}

interface Part {
  /** The path of `value` below `properties.desired`. */
  readonly path: readonly string[];
  readonly value: MapValue;
}

/** The whole of it, and each layer as a map of one key, since its last name is a key too. */
function partsOf({ whole, layers }: Desired): readonly Part[] {
  const wholes: readonly Part[] =
    whole?.value.kind === 'map' ? [{ path: [], value: withoutOwnNames(whole.value) }] : [];
  const layered = layers.map(({ path, keyOffset, value }): Part => {
    const members = [{ key: path.at(-1) ?? '', keyOffset, value }];
    return {
      path: path.slice(0, -1),
      value: { kind: 'map', source: value.source, offset: keyOffset, length: 1, members },
    };
  });
  return [...wholes, ...layered];
}

/** A twin that was copied from a hub has them, and a hub passes over them. */
function withoutOwnNames(map: MapValue): MapValue {
  return { ...map, members: map.members.filter(({ key }) => key !== '$version' && key !== '$metadata') };
}

/** A placeholder in a key, or one that makes a text long. */
function isOpen({ path, what }: TwinFault): boolean {
  return what.kind !== 'depth' && path.some((part) => typeof part === 'string' && hasPlaceholder(part));
}

function faultProblem(module: string, path: readonly string[], root: MapValue, fault: TwinFault): Problem {
  const key = [...path, ...fault.path].map(String);
  const details = { module, key: shown(key), fault: limitOf(fault) };
  return problem('deployment/hub-limit', details, offsetAt(root, fault.path, fault.what.kind.startsWith('key')));
}

function shown(path: readonly string[]): string {
  return path.map((part) => (part.length > 60 ? `${part.slice(0, 60)}…` : part)).join('.');
}

function limitOf({ what, path }: TwinFault): HubLimit {
  if (what.kind === 'key character') return { ...what, name: String(path.at(-1)).slice(0, 200) };
  return what;
}

function sizeProblem({ module, keyOffset, whole, value }: Desired, bytes: number): readonly Problem[] {
  if (bytes <= (twinLimits.desiredBytes * 3) / 4) return [];
  const at = whole === undefined ? value : value.source.inFile(whole.keyOffset ?? keyOffset);
  const details = { module, bytes, most: twinLimits.desiredBytes };
  const rule = bytes > twinLimits.desiredBytes ? 'deployment/too-large' : 'deployment/nearly-too-large';
  return [problem(rule, details, at)];
}

/** The value at the end of a path, or its key. */
function offsetAt(root: MapValue, path: readonly (string | number)[], atKey: boolean): number {
  let here: Value = root;
  let offset = offsetOf(root);
  for (const part of path) {
    if (here.kind === 'map') {
      const found: Member | undefined = here.members.findLast(({ key }) => key === part);
      if (found === undefined) return offset;
      offset = atKey ? here.source.inFile(found.keyOffset) : offsetOf(found.value);
      here = found.value;
    } else if (here.kind === 'list') {
      const item: Value | undefined = here.items[Number(part)];
      if (item === undefined) return offset;
      offset = offsetOf(item);
      here = item;
    }
  }
  return offset;
}

function plainMap({ members }: MapValue, depth = 1): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  for (const { key, value } of members) plain[key] = plainOf(value, depth + 1);
  return plain;
}

/** The limit of a hub is less deep, and a hostile file may be very deep. */
const deepest = 20;

function plainOf(value: Value, depth: number): unknown {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'number':
      // The limit is one of whole numbers, as they are written.
      return /[.eE]/.test(value.written) ? 0.5 : Number(value.written);
    case 'truth':
      return value.value;
    case 'null':
      return null;
    case 'list':
      return depth > deepest ? [] : value.items.map((item) => plainOf(item, depth + 1));
    case 'map':
      return depth > deepest ? {} : plainMap(value, depth);
  }
}
