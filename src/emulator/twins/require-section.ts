import { measureTwin, type TwinFault, twinLimits } from '../../model/twin-limits.ts';
import { Refused, shortened } from '../wire/errors.ts';
import type { JsonObject } from '../wire/json.ts';

/** Throws `Refused` if the tags or desired properties of a twin exceed a limit. */
export function requireSection(values: JsonObject, name: 'tags' | 'properties.desired'): void {
  const { bytes, faults } = measureTwin(values);
  const [first] = faults;
  if (first !== undefined) throw refused(said(first, name));
  const most = name === 'tags' ? twinLimits.tagsBytes : twinLimits.desiredBytes;
  if (bytes > most) throw refused(`${name} are ${bytes} bytes, at most ${most} are allowed`);
}

function said({ path, what }: TwinFault, section: string): string {
  const here = [section, ...path].join('.');
  const around = [section, ...path.slice(0, -1)].join('.');
  switch (what.kind) {
    case 'depth':
      return `${here} is nested deeper than ${twinLimits.depth} levels`;
    case 'key size':
      return `${around} has a name that is over 1 KB`;
    case 'key character':
      return `${around} has the name ${JSON.stringify(path.at(-1))}: '.', '$', '#', space and control characters are not allowed`;
    case 'text':
      return `${here} is a text over 4 KB`;
    case 'integer':
      return `${here} is an integer beyond ${twinLimits.smallestInteger} to ${twinLimits.largestInteger}`;
    case 'null in list':
      return `${around} is a list with null`;
  }
}

function refused(why: string): Refused {
  return new Refused('ArgumentInvalid', `BadRequest: the twin is not valid, ${shortened(why)}`);
}
