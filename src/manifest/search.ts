import type { Finding, Place } from '../model/finding.ts';
import type { Found } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';

/** Says what a search for a pattern did not look at. */
export function searchFindings(
  pattern: string,
  { linksOut = [], bound }: Pick<Found, 'linksOut' | 'bound'>,
  place: Place,
): readonly Finding[] {
  return [
    ...(bound === undefined ? [] : [finding('manifest/search-bound', { pattern, bound }, { place })]),
    ...(linksOut.length === 0 ? [] : [finding('manifest/link-not-followed', { pattern, links: linksOut }, { place })]),
  ];
}
