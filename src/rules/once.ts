import { devicesOf, type Finding, naming, type OfDevice } from '../model/finding.ts';
import { patternOf, withoutId } from './id-pattern.ts';
import { isFleetwide } from './rules.ts';

/**
 * Collects findings and gives one for each rule and place, with all its devices. A value of `defaults`, or a glob, is judged for
 * every device that inherits it.
 *
 * - Findings are equal if they say the same apart from the device's id. A merged message has `{id}` in its place.
 * - Findings of other devices at the same place that say something else (another date) join them. The message then quotes the first
 *   ones, and `each` has all of them. Two findings of one device stay apart.
 * - A notice is given once for each file, since every row of a CSV has its own cell. A rule that says so in its row (`fleetwide`) is
 *   given once, wherever its devices stand.
 */
export class FindingsOnce {
  readonly #places = new Map<string, Place>();

  add(findings: Iterable<Finding>): this {
    for (const finding of findings) {
      for (const one of apart(finding)) this.#placeOf(one).add(one);
    }
    return this;
  }

  /** The findings, in the order in which the first of each place was added. */
  get all(): readonly Finding[] {
    return [...this.#places.values()].flatMap(({ equals }) => joined(equals).map(merged));
  }

  #placeOf(finding: Finding): Place {
    const key = placeKey(finding);
    const place = this.#places.get(key) ?? new Place();
    this.#places.set(key, place);
    return place;
  }
}

/** Returns the findings, one for each rule and place. */
export function once(findings: Iterable<Finding>): readonly Finding[] {
  return new FindingsOnce().add(findings).all;
}

/** Findings that say the same apart from the id. `message` and `remedy` have `{id}` for it. */
interface Equal {
  readonly first: Finding;
  message: string;
  remedy: string;
  readonly devices: Set<string>;
  hub: string | undefined;
}

/** A finding is compared with at most this number of others, if the quick comparison finds none. */
const mostCompared = 16;

/** The findings of one rule at one place. */
class Place {
  readonly equals: Equal[] = [];
  readonly #known = new Map<string, Equal>();

  add(finding: Finding): void {
    const ids = devicesOf(finding);
    const [id = ''] = ids;
    const message = ids.length > 1 ? finding.message : withoutId(finding.message, id);
    const remedy = ids.length > 1 ? finding.remedy : withoutId(finding.remedy, id);
    const key = `${message}\n${remedy}`;
    const equal = this.#known.get(key) ?? (ids.length === 1 ? this.#alike(finding, id) : undefined);
    if (equal === undefined) {
      const one = { first: finding, message, remedy, devices: new Set(ids), hub: finding.hub };
      this.equals.push(one);
      this.#known.set(key, one);
      return;
    }
    this.#known.set(key, equal);
    for (const each of ids) equal.devices.add(each);
    if (equal.hub !== finding.hub) equal.hub = undefined;
  }

  /** Finds an equal finding where an id is also a word of the text, as `a` is. */
  #alike(finding: Finding, id: string): Equal | undefined {
    return this.equals.slice(0, mostCompared).find((equal) => {
      const [other, ...others] = equal.devices;
      if (other === undefined) return false;
      if (others.length > 0) {
        const said = [equal.message, equal.remedy].map((text) => text.replaceAll('{id}', id));
        return said[0] === finding.message && said[1] === finding.remedy;
      }
      const message = patternOf({ text: equal.first.message, id: other }, { text: finding.message, id });
      const remedy = patternOf({ text: equal.first.remedy, id: other }, { text: finding.remedy, id });
      if (message === undefined || remedy === undefined) return false;
      Object.assign(equal, { message, remedy });
      return true;
    });
  }
}

/** A finding that was merged before is taken apart again. */
function apart(finding: Finding): readonly Finding[] {
  if (finding.each === undefined) return [finding];
  const { each, devices: _, ...rest } = finding;
  return each.map(({ device, message }) => ({ ...rest, message, device }));
}

function placeKey({ rule, severity, place }: Finding): string {
  if (isFleetwide(rule)) return JSON.stringify([rule, severity]);
  const where = severity === 'notice' ? [] : [place?.line, place?.column];
  return JSON.stringify([rule, severity, place?.file, ...where]);
}

/** Joins groups of a place that share no device and have one remedy. A group without devices or without a place stays alone. */
function joined(equals: readonly Equal[]): readonly (readonly Equal[])[] {
  const all: Row[] = [];
  const byRemedy = new Map<string, Row[]>();
  for (const equal of equals) {
    const ids = [...equal.devices];
    const isPlaced = ids.length > 0 && equal.first.place !== undefined;
    const remedies = isPlaced ? [...new Set([equal.first.remedy, equal.remedy])] : [];
    const rows = remedies.flatMap((remedy) => byRemedy.get(remedy) ?? []);
    const free = rows.find(({ devices }) => !ids.some((id) => devices.has(id)));
    const row = free ?? { groups: [], devices: new Set() };
    row.groups.push(equal);
    for (const id of ids) row.devices.add(id);
    if (free !== undefined) continue;
    all.push(row);
    for (const remedy of remedies) byRemedy.set(remedy, [...(byRemedy.get(remedy) ?? []), row]);
  }
  return all.map(({ groups }) => groups);
}

interface Row {
  readonly groups: Equal[];
  readonly devices: Set<string>;
}

function merged(groups: readonly Equal[]): Finding {
  const [only, ...others] = groups;
  if (only === undefined) throw new Error('a group of findings has at least one');
  const { device: _, devices: _all, ...first } = only.first;
  const ids = [...new Set(groups.flatMap(({ devices }) => [...devices]))];
  const hub = groups.every((group) => group.hub === only.hub) ? only.hub : undefined;
  const base = { ...first, ...naming(ids), ...('hub' in first ? { hub } : {}) };
  if (ids.length < 2) return base;
  if (others.length === 0) return { ...base, message: only.message, remedy: only.remedy };
  const remedy = groups.every((group) => group.first.remedy === first.remedy) ? first.remedy : only.remedy;
  return { ...base, message: quoted(groups.map(saidOfAll)), remedy, each: groups.flatMap(saidOfEach) };
}

function saidOfEach({ first, devices, message }: Equal): readonly OfDevice[] {
  if (devices.size === 1) return [...devices].map((device) => ({ device, message: first.message }));
  return [...devices].map((device) => ({ device, message: message.replaceAll('{id}', device) }));
}

function saidOfAll({ first, devices, message }: Equal): string {
  return devices.size === 1 ? first.message : message;
}

/** A message quotes at most this number of others. */
const mostQuoted = 3;

function quoted(messages: readonly string[]): string {
  const more = messages.length - mostQuoted;
  return [...messages.slice(0, mostQuoted), ...(more > 0 ? [`and ${more} more like these`] : [])].join('; ');
}
