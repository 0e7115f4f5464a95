import { devicesOf, type Finding, naming, type Place } from '../model/finding.ts';

/** Returns the different places of a finding, its own first. */
export function placesOf({ place, places = [] }: Finding): readonly Place[] {
  const all = new Map<string, Place>();
  for (const each of [...(place === undefined ? [] : [place]), ...places.map((one) => one.place)]) {
    const text = textOf(each);
    if (!all.has(text)) all.set(text, each);
  }
  return [...all.values()];
}

/**
 * Returns a finding at several places as findings at one place each, with the devices of each place. A finding at one place, or at more
 * than `most`, is left as it is.
 */
export function atEachPlace(finding: Finding, most: number): readonly Finding[] {
  const { places, ...rest } = finding;
  const all = placesOf(finding);
  if (places === undefined || all.length > most) return [finding];
  const devices = new Map<string, string[]>();
  for (const { device, place } of places) {
    const text = textOf(place);
    const here = devices.get(text);
    if (here === undefined) devices.set(text, [device]);
    else here.push(device);
  }
  return all.map((place) => withDevices({ ...rest, place }, devices.get(textOf(place)) ?? devicesOf(finding)));
}

/** The finding about some of its devices alone. */
function withDevices(finding: Finding, ids: readonly string[]): Finding {
  const { device: _, devices: _all, each: all, ...rest } = finding;
  const each = all?.filter(({ device }) => ids.includes(device)) ?? [];
  const [id = '', ...others] = ids;
  const text = (said: string) => (others.length === 0 ? said.replaceAll('{id}', id) : said);
  const message = each.length === 0 ? text(finding.message) : each.map((one) => one.message).join('; ');
  return { ...rest, ...naming(ids), message, remedy: text(finding.remedy) };
}

function textOf({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
