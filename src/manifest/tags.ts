import type { Finding } from '../model/finding.ts';
import type { Json, JsonObject } from '../model/fleet.ts';
import { largestMark, ownerTag } from '../model/owner.ts';
import { tagMark } from '../model/tags.ts';
import { forbiddenInKey, twinLimits } from '../model/twin-limits.ts';
import type { TagProblem } from '../rules/device.ts';
import { finding } from '../rules/rules.ts';
import type { ValueReader } from './values.ts';

/** Finds what the hub would refuse in the tags of a device: a device/tags finding for each, at its place. */
export function tagFindings(read: ValueReader): readonly Finding[] {
  const tags = read.json('tags');
  if (tags === undefined) return [];
  const problems = [...mapProblems(tags, '', 1)];
  const paths: string[] = [];
  const size =
    largestMark + sizeOf(tags, '', paths) + paths.reduce((sum, path) => sum + Buffer.byteLength(path), tagMark.length);
  if (problems.length === 0 && size > twinLimits.tagsBytes) {
    problems.push({ path: '', problem: { bytes: size, limit: twinLimits.tagsBytes } });
  }
  return problems.map(({ path, problem }) => {
    const key = path === '' ? 'tags' : `tags.${path}`;
    // A name with a dot has no path of its own.
    const place = read.place(read.has(key) ? key : 'tags');
    return finding('device/tags', { key, problem }, { place, device: read.id });
  });
}

interface Problem {
  readonly path: string;
  readonly problem: TagProblem;
}

function* mapProblems(map: JsonObject, prefix: string, level: number): Generator<Problem> {
  if (level > twinLimits.depth) {
    yield { path: prefix.slice(0, -1), problem: { levelLimit: twinLimits.depth } };
    return;
  }
  for (const [name, value] of Object.entries(map)) {
    const path = `${prefix}${name}`;
    const problem = nameProblem(name, level);
    if (problem !== undefined) yield { path, problem };
    else if (isMap(value)) yield* mapProblems(value, `${path}.`, level + 1);
    else {
      const wrong = valueProblem(value);
      if (wrong !== undefined) yield { path, problem: wrong };
    }
  }
}

function nameProblem(name: string, level: number): TagProblem | undefined {
  if (name === '') return 'empty-name';
  const character = forbiddenInKey.exec(name)?.[0];
  if (character !== undefined) return { character };
  if (Buffer.byteLength(name) > twinLimits.keyBytes) return { nameLimit: twinLimits.keyBytes };
  return level === 1 && (name === tagMark || name === ownerTag) ? 'reserved-name' : undefined;
}

function valueProblem(value: Json): TagProblem | undefined {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string' && Buffer.byteLength(value) > twinLimits.textBytes) {
    return { textBytes: Buffer.byteLength(value), limit: twinLimits.textBytes };
  }
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) return 'not-a-number';
  const { smallestInteger: least, largestInteger: most } = twinLimits;
  const beyond = Number.isInteger(value) && (value < least || value > most);
  return beyond ? { integer: value, range: [least, most] } : undefined;
}

/** Counts bytes as the hub does: names and texts in UTF-8, 8 for a number, 4 for a boolean. Adds the paths of the values to `paths`. */
function sizeOf(map: JsonObject, prefix: string, paths: string[]): number {
  let size = 0;
  for (const [name, value] of Object.entries(map)) {
    size += Buffer.byteLength(name);
    if (isMap(value)) size += sizeOf(value, `${prefix}${name}.`, paths);
    else {
      paths.push(`${prefix}${name}`);
      size += typeof value === 'string' ? Buffer.byteLength(value) : typeof value === 'number' ? 8 : 4;
    }
  }
  return size;
}

function isMap(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
