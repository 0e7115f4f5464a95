import { devicesOf, type Finding, type Place } from '../model/finding.ts';
import { names } from '../rules/id-pattern.ts';
import { number } from './counts.ts';
import { placesOf } from './places.ts';

/** A text names at most this number of devices. */
const fewDevices = 5;

/** A text names at most this number of places. */
const fewPlaces = 5;

/**
 * Returns what a finding says, with its devices, as one to three lines: `edge-001: has one certificate`, or `3 devices: edge-001,
 * edge-002, edge-003`, their lines if they have different ones, and the message below. A message that names its only device already is
 * left as it is.
 */
export function saidLines(finding: Finding): readonly string[] {
  const { message } = finding;
  const ids = devicesOf(finding);
  const [id, ...others] = ids;
  if (id === undefined || id === '') return [message];
  if (others.length > 0) return [said.devices(ids), ...placeLines(finding), message];
  return [names(message, id) ? message : said.device(id, message)];
}

function placeLines(finding: Finding): readonly string[] {
  if (finding.places === undefined) return [];
  const places = placesOf(finding);
  const [first] = places;
  const isOneFile = places.every(({ file }) => file === first?.file);
  return [isOneFile ? said.lines(places) : said.places(places)];
}

/** Tells whether a text of these devices names only the first of them. */
export function namesSome(ids: readonly string[]): boolean {
  return ids.length > fewDevices;
}

/** The texts of these lines. */
export const said = {
  device: (id: string, message: string) => `${id}: ${message}`,

  devices: (ids: readonly string[]) => {
    const shown = ids.slice(0, fewDevices);
    const noun = ids.length === 1 ? 'device' : 'devices';
    return `${number(ids.length)} ${noun}: ${[...shown, ...(namesSome(ids) ? ['…'] : [])].join(', ')}`;
  },

  lines: (places: readonly Place[]) =>
    `on ${number(places.length)} lines: ${first(places.map(({ line }) => String(line)))}`,

  places: (places: readonly Place[]) =>
    `at ${number(places.length)} places: ${first(places.map(({ file, line }) => `${file}:${line}`))}`,

  /** Few devices by their ids alone. */
  someDevices: (ids: readonly string[]) => (namesSome(ids) ? said.devices(ids) : ids.join(', ')),
};

function first(texts: readonly string[]): string {
  return [...texts.slice(0, fewPlaces), ...(texts.length > fewPlaces ? ['…'] : [])].join(', ');
}
