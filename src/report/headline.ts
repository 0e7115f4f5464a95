import type { Report } from '../model/report.ts';
import { counts, plural } from './counts.ts';

/** One sentence on how it ended. */
export function headline(report: Report): string {
  const { created, updated, unchanged, removed, failed, unknown } = counts(report);
  // Said where there are any: few runs may remove.
  const gone = (words: string) => (removed === 0 ? '' : `, ${words} ${removed}`);
  const devices = plural(report.devices, 'device');
  switch (report.result) {
    case 'valid':
      return [`${devices}: the manifest is valid`, ...problems(report)].join(', ');
    case 'invalid':
      return `${problems(report).join(', ')}${report.command === 'apply' ? '. Nothing was written to any hub.' : ''}`;
    case 'unchanged':
      return `${devices}: the hub is as the manifest says, nothing to write`;
    case 'changes':
      return `to create ${created}, to update ${updated}${gone('to remove')}, unchanged ${unchanged}`;
    case 'changed':
      return `created ${created}, updated ${updated}${gone('removed')}, unchanged ${unchanged}`;
    case 'partial':
      return `created ${created}, updated ${updated}${gone('removed')}, unchanged ${unchanged}; failed ${failed}, unknown ${unknown}`;
    case 'failed':
      return report.outcomes.length > 0
        ? `failed ${failed}, unknown ${unknown}: no device is known to be as it should`
        : 'the run ended early';
    case 'rendered':
      return `${plural(report.bundles.length, 'bundle')} written to ${report.bundlesDirectory ?? ''}`;
    case 'in-sync':
      return `${devices}: the hub is as the manifest says`;
    case 'drift':
      // Of those too that no manifest declares any more.
      return `drift: ${report.changes.length - unchanged} of ${plural(report.changes.length, 'device')} not as the manifest says`;
    case 'listed':
      return `${plural(report.listed.length, 'edge device')}, ${report.listed.filter(({ managed }) => managed).length} in the manifest`;
  }
}

/** `2 errors` and `1 warning`, where there are any. */
function problems({ findings }: Report): readonly string[] {
  return (['error', 'warning'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [plural(count, severity)];
  });
}
