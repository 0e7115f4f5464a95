import { createHash } from 'node:crypto';
import type { Finding } from '../model/finding.ts';

/**
 * Returns the fingerprints of findings, in their order. They identify a finding over many runs, also when its line
 * moves.
 *
 * Code scanning reads only `primaryLocationLineHash`, which codeql-action/upload-sarif computes from the text of the
 * line. Findings of one rule on one line (400 devices that inherit a value of the defaults) would become one alert. So
 * these get our value instead. The others do not, because the upload warns about each value that differs from its own.
 * https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
 */
export function fingerprints(findings: readonly Finding[]): readonly Readonly<Record<string, string>>[] {
  const onLine = countedBy(findings, line);
  const met = new Map<string, number>();
  return findings.map((finding) => {
    const digest = digestOf(finding);
    const nth = (met.get(digest) ?? 0) + 1;
    met.set(digest, nth);
    const print = `${digest}:${nth}`;
    const shared = (onLine.get(line(finding)) ?? 0) > 1;
    return { 'provisionIotEdge/v1': print, ...(shared ? { primaryLocationLineHash: print } : {}) };
  });
}

function line({ rule, place }: Finding): string {
  return JSON.stringify([rule, place?.file ?? null, place?.line ?? null]);
}

/**
 * Ignores numbers in the message (days left, lines of other places), which change while the finding stays the same. So do the
 * devices of a finding about several, and what the message quotes of them.
 */
function digestOf({ rule, device, hub, message, each }: Finding): string {
  const parts = [rule, device ?? null, hub ?? null, each === undefined ? message.replace(/\d+/g, '#') : null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function countedBy<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const item of items) counted.set(key(item), (counted.get(key(item)) ?? 0) + 1);
  return counted;
}
