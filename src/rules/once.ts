import { devicesOf, type Finding, naming, type OfDevice, type Place } from '../model/finding.ts';
import { patternOf, withoutId } from './id-pattern.ts';
import { isFleetwide } from './rules.ts';

/**
 * Collects findings and gives equal ones once, with all their devices. A value of `defaults`, or a glob, is judged for every device
 * that inherits it, and every row of a CSV has its own cell.
 *
 * - Findings are equal if they say the same apart from the device's id, wherever they stand. A merged message has `{id}` in its place,
 *   and `places` has the place of each device.
 * - Findings of other devices that say something else (another date) join them: errors at the same place, warnings and notices in the
 *   same file, and those of a rule that says so in its row (`fleetwide`) anywhere. The message then quotes the first ones, and `each`
 *   has all of them.
 * - Two findings of one device stay apart, and so do findings without a device at different places.
 */
export class FindingsOnce {
  readonly #rules = new Map<string, Ruled>();

  add(findings: Iterable<Finding>): this {
    for (const finding of findings) {
      for (const one of apart(finding)) this.#ruledOf(one).add(one);
    }
    return this;
  }

  /** The findings, in the order in which the first of each rule was added. */
  get all(): readonly Finding[] {
    return [...this.#rules.values()].flatMap(({ equals }) => joined(equals).map(merged));
  }

  #ruledOf({ rule, severity }: Finding): Ruled {
    const key = `${severity} ${rule}`;
    const ruled = this.#rules.get(key) ?? new Ruled();
    this.#rules.set(key, ruled);
    return ruled;
  }
}

/** Returns the findings, equal ones once. */
export function once(findings: Iterable<Finding>): readonly Finding[] {
  return new FindingsOnce().add(findings).all;
}

/** Findings that say the same apart from the id. `message` and `remedy` have `{id}` for it. */
interface Equal {
  readonly first: Finding;
  message: string;
  remedy: string;
  /** The place of each device. */
  readonly devices: Map<string, Place | undefined>;
  hub: string | undefined;
}

/**
 * A finding is compared with at most this number of others, if the quick comparison finds none: of those at its own place, and of those
 * elsewhere.
 */
const mostCompared = { here: 16, elsewhere: 4 } as const;

/** The findings of one rule. */
class Ruled {
  readonly equals: Equal[] = [];
  readonly #known = new Map<string, Equal>();
  readonly #here = new Map<string, Equal[]>();
  /** How often a device has the same text, at other places. */
  readonly #repeats = new Map<string, number>();

  add(finding: Finding): void {
    const ids = devicesOf(finding);
    const [id = '', ...others] = ids;
    const message = others.length > 0 ? finding.message : withoutId(finding.message, id);
    const remedy = others.length > 0 ? finding.remedy : withoutId(finding.remedy, id);
    const text = `${message}\n${remedy}`;
    if (ids.length === 0) this.#addTo(`${textOf(finding.place)}\n${text}`, { finding, message, remedy });
    const places = new Map(finding.places?.map(({ device, place }) => [device, place]));
    for (const device of ids) {
      const place = places.get(device) ?? finding.place;
      this.#addTo(text, { finding, message, remedy, device, place, isOneOfMany: others.length > 0 });
    }
  }

  #addTo(text: string, one: One): void {
    const key = this.#keyOf(text, one);
    const equal = this.#known.get(key) ?? this.#alike(one) ?? this.#begin(one);
    this.#known.set(key, equal);
    if (one.device !== undefined && !equal.devices.has(one.device)) equal.devices.set(one.device, one.place);
    if (equal.hub !== one.finding.hub) equal.hub = undefined;
  }

  /** The same text of one device at another place is another finding. */
  #keyOf(text: string, { device, place }: One): string {
    if (device === undefined) return text;
    const at = this.#known.get(text)?.devices;
    if (at === undefined || !at.has(device) || textOf(at.get(device)) === textOf(place)) return text;
    const own = JSON.stringify([text, device]);
    const here = `${own} ${textOf(place)}`;
    const nth = this.#repeats.get(here) ?? (this.#repeats.get(own) ?? 0) + 1;
    this.#repeats.set(here, nth).set(own, Math.max(nth, this.#repeats.get(own) ?? 0));
    return `${nth}\n${text}`;
  }

  #begin({ finding, message, remedy, device, place, isOneOfMany = false }: One): Equal {
    const own = device === undefined ? {} : { device, place };
    const { devices: _, places: _places, ...rest } = finding;
    const first =
      isOneOfMany && device !== undefined ? { ...rest, ...own, ...spoken({ message, remedy }, device) } : finding;
    const equal: Equal = { first, message, remedy, devices: new Map(), hub: finding.hub };
    this.equals.push(equal);
    const here = this.#here.get(textOf(place));
    if (here === undefined) this.#here.set(textOf(place), [equal]);
    else here.push(equal);
    return equal;
  }

  /** Finds an equal finding where an id is also a word of the text, as `a` is. */
  #alike({ finding, device: id, place, isOneOfMany = false }: One): Equal | undefined {
    if (id === undefined || isOneOfMany) return undefined;
    const here = this.#here.get(textOf(place)) ?? [];
    const near = [...here.slice(0, mostCompared.here), ...this.equals.slice(0, mostCompared.elsewhere)];
    return near.find((equal) => {
      const [other, ...others] = equal.devices.keys();
      if (other === undefined || equal.devices.has(id)) return false;
      if (others.length > 0) {
        const said = spoken(equal, id);
        return said.message === finding.message && said.remedy === finding.remedy;
      }
      const message = patternOf({ text: equal.first.message, id: other }, { text: finding.message, id });
      const remedy = patternOf({ text: equal.first.remedy, id: other }, { text: finding.remedy, id });
      if (message === undefined || remedy === undefined) return false;
      Object.assign(equal, { message, remedy });
      return true;
    });
  }
}

/** A finding about one device, or about none. */
interface One {
  readonly finding: Finding;
  /** With `{id}` for the device. */
  readonly message: string;
  readonly remedy: string;
  readonly device?: string;
  readonly place?: Place | undefined;
  /** Whether the finding is about other devices too. */
  readonly isOneOfMany?: boolean;
}

function spoken({ message, remedy }: Pick<Finding, 'message' | 'remedy'>, id: string) {
  return { message: message.replaceAll('{id}', id), remedy: remedy.replaceAll('{id}', id) };
}

function textOf(place: Place | undefined): string {
  return place === undefined ? '' : `${place.file}:${place.line}:${place.column}`;
}

/** A finding whose message only quotes what is said of each device is taken apart again. */
function apart(finding: Finding): readonly Finding[] {
  if (finding.each === undefined) return [finding];
  const { each, devices: _, places, ...rest } = finding;
  const at = new Map(places?.map(({ device, place }) => [device, place]));
  return each.map(({ device, message }) => ({ ...rest, message, device, place: at.get(device) ?? rest.place }));
}

/** Joins groups that share no device and have one remedy, as far as they may be joined. */
function joined(equals: readonly Equal[]): readonly (readonly Equal[])[] {
  const all: Row[] = [];
  const byRemedy = new Map<string, Row[]>();
  for (const equal of equals) {
    const ids = [...equal.devices.keys()];
    const where = whereJoined(equal);
    const remedies = where === undefined ? [] : [...new Set([equal.first.remedy, equal.remedy])];
    const keys = remedies.map((remedy) => `${where}\n${remedy}`);
    const free = keys
      .flatMap((key) => byRemedy.get(key) ?? [])
      .find(({ devices }) => !ids.some((id) => devices.has(id)));
    const row = free ?? { groups: [], devices: new Set() };
    row.groups.push(equal);
    for (const id of ids) row.devices.add(id);
    if (free !== undefined) continue;
    all.push(row);
    for (const key of keys) byRemedy.set(key, [...(byRemedy.get(key) ?? []), row]);
  }
  return all.map(({ groups }) => groups);
}

interface Row {
  readonly groups: Equal[];
  readonly devices: Set<string>;
}

/** Where a group may be joined by others; undefined if it stays alone. */
function whereJoined({ first: { rule, severity, place }, devices }: Equal): string | undefined {
  if (devices.size === 0 || place === undefined) return undefined;
  if (isFleetwide(rule)) return '';
  const where = severity === 'error' ? textOf : (at: Place | undefined) => at?.file;
  const places = new Set([...devices.values()].map(where));
  return places.size === 1 ? [...places][0] : undefined;
}

function merged(groups: readonly Equal[]): Finding {
  const [only, ...others] = groups;
  if (only === undefined) throw new Error('a group of findings has at least one');
  const { device: _, devices: _all, places: _places, ...first } = only.first;
  const at = new Map(groups.flatMap(({ devices }) => [...devices]));
  const ids = [...at.keys()];
  const hub = groups.every((group) => group.hub === only.hub) ? only.hub : undefined;
  const base = { ...first, ...naming(ids), ...placing(at), ...('hub' in first ? { hub } : {}) };
  if (ids.length < 2) return base;
  if (others.length === 0) return { ...base, message: only.message, remedy: only.remedy };
  const remedy = groups.every((group) => group.first.remedy === first.remedy) ? first.remedy : only.remedy;
  return { ...base, message: quoted(groups.map(saidOfAll)), remedy, each: groups.flatMap(saidOfEach) };
}

/** The place of each device, if they are at several places. */
function placing(at: ReadonlyMap<string, Place | undefined>): Pick<Finding, 'places'> {
  const places = [...at].flatMap(([device, place]) => (place === undefined ? [] : [{ device, place }]));
  return new Set(places.map(({ place }) => textOf(place))).size < 2 ? {} : { places };
}

function saidOfEach({ first, devices, message }: Equal): readonly OfDevice[] {
  const ids = [...devices.keys()];
  if (ids.length === 1) return ids.map((device) => ({ device, message: first.message }));
  return ids.map((device) => ({ device, message: message.replaceAll('{id}', device) }));
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
