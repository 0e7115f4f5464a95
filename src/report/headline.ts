import type { Report } from '../model/report.ts';
import { counts, plural } from './counts.ts';

/** One sentence on how it ended. */
export function headline(report: Report): string {
  const { created, updated, unchanged, failed, unknown } = counts(report);
  const devices = plural(report.devices, 'device');
  switch (report.result) {
    case 'valid':
      return `${devices}: nothing wrong in the manifest`;
    case 'invalid':
      return `${problems(report)}. Nothing was written to any hub.`;
    case 'unchanged':
      return `${devices}: the hub is as the manifest says, nothing to write`;
    case 'changes':
      return `to create ${created}, to update ${updated}, unchanged ${unchanged}`;
    case 'changed':
      return `created ${created}, updated ${updated}, unchanged ${unchanged}`;
    case 'partial':
      return `created ${created}, updated ${updated}, unchanged ${unchanged}; failed ${failed}, unknown ${unknown}`;
    case 'failed':
      return report.outcomes.length > 0
        ? `failed ${failed}, unknown ${unknown}: no device is as it should be`
        : 'the run ended early';
    case 'rendered':
      return `${plural(report.bundles.length, 'bundle')} written to ${report.bundlesDirectory ?? ''}`;
    case 'in-sync':
      return `${devices}: the hub is as the manifest says`;
    case 'drift':
      return `drift: ${report.changes.length - unchanged} of ${devices} differ from the manifest`;
    case 'listed':
      return `${plural(report.listed.length, 'edge device')}, ${report.listed.filter(({ managed }) => managed).length} in the manifest`;
  }
}

function problems({ findings }: Report): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  return [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : '']
    .filter((part) => part !== '')
    .join(', ');
}
