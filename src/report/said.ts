import { devicesOf, type Finding } from '../model/finding.ts';
import { names } from '../rules/id-pattern.ts';
import { number } from './counts.ts';

/** A text names at most this number of devices. */
const fewDevices = 5;

/**
 * Returns what a finding says, with its devices, as one or two lines: `edge-001: has one certificate`, or `3 devices: edge-001,
 * edge-002, edge-003` and the message below it. A message that names its only device already is left as it is.
 */
export function saidLines(finding: Finding): readonly string[] {
  const { message } = finding;
  const ids = devicesOf(finding);
  const [id, ...others] = ids;
  if (id === undefined || id === '') return [message];
  if (others.length > 0) return [said.devices(ids), message];
  return [names(message, id) ? message : said.device(id, message)];
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

  /** Few devices by their ids alone. */
  someDevices: (ids: readonly string[]) => (namesSome(ids) ? said.devices(ids) : ids.join(', ')),
};
