import type { Finding } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { type Counts, counts, plural } from './counts.ts';

/** The sentence that says how a run ended, with the number of its warnings and faults. */
export function headline(report: Report): string {
  const { result, findings, faults } = report;
  const said = resultText(report);
  // These two count their findings themselves.
  if (result === 'valid' || result === 'invalid') return said;
  const { warnings } = problems(findings);
  return headlines.counted({ said, warnings, faults: result === 'failed' ? 0 : faults.length });
}

function resultText(report: Report): string {
  const { changes, outcomes, bundles, listed, devices, findings } = report;
  switch (report.result) {
    case 'valid':
      return headlines.valid({ devices, ...problems(findings) });
    case 'invalid':
      return report.command === 'apply'
        ? headlines['nothing-written'](problems(findings))
        : headlines.invalid(problems(findings));
    case 'unchanged':
      return headlines.unchanged({ devices });
    case 'changes':
      return headlines.changes(counts(report));
    case 'changed':
      return headlines.changed(counts(report));
    case 'written':
      return headlines.written(counts(report));
    case 'partial':
      return headlines.partial(counts(report));
    case 'failed':
      return outcomes.length > 0 ? headlines.failed(counts(report)) : headlines['ended-early']();
    case 'rendered':
      return headlines.rendered({ bundles: bundles.length, folder: report.bundlesDirectory ?? '' });
    case 'in-sync':
      return headlines['in-sync']({ devices });
    case 'drift':
      // Count the changes, not `devices`: a device that no manifest declares any more can drift too.
      return headlines.drift({
        drifted: changes.filter(({ kind }) => kind !== 'unchanged' && kind !== 'claim').length,
        devices: changes.length,
      });
    case 'listed':
      return headlines.listed({ devices: listed.length, managed: listed.filter(({ managed }) => managed).length });
  }
}

/** The headline of each result. An invalid `apply` and a run that never came to devices have their own. */
export const headlines = {
  valid: ({ devices, ...found }: Devices & Problems) =>
    [`${plural(devices, 'device')}: the manifest is valid`, ...problemTexts(found)].join(', '),

  invalid: (found: Problems) => problemTexts(found).join(', '),

  'nothing-written': (found: Problems) => `${problemTexts(found).join(', ')}. Nothing was written to any hub.`,

  unchanged: ({ devices }: Devices) =>
    `${plural(devices, 'device')}: the hub is as the manifest says, nothing to write`,

  changes: ({ created, updated, claimed = 0, removed, unchanged }: Changed) =>
    `to create ${created}, to update ${updated}${ifAny('to claim', claimed)}${ifAny('to remove', removed)}, unchanged ${unchanged}`,

  changed: (done: Changed) => changedText(done),

  written: (done: Changed) =>
    `${changedText(done)}: the hub is as the manifest says, but not all files are written and uploaded`,

  partial: ({ failed, unknown, ...done }: Changed & NotDone) =>
    `${changedText(done)}; failed ${failed}, unknown ${unknown}`,

  failed: ({ failed, unknown }: NotDone) =>
    `failed ${failed}, unknown ${unknown}: no device is known to be as it should`,

  'ended-early': () => 'the run ended early',

  rendered: ({ bundles, folder }: { readonly bundles: number; readonly folder: string }) =>
    `${plural(bundles, 'bundle')} written to ${folder}`,

  'in-sync': ({ devices }: Devices) => `${plural(devices, 'device')}: the hub is as the manifest says`,

  drift: ({ drifted, devices }: Devices & { readonly drifted: number }) =>
    `drift: ${drifted} of ${plural(devices, 'device')} not as the manifest says`,

  listed: ({ devices, managed }: Devices & { readonly managed: number }) =>
    `${plural(devices, 'edge device')}, ${managed} in the manifest`,

  /** Any of them, with the number of warnings, and of faults that its result does not tell. */
  counted: ({
    said,
    warnings,
    faults,
  }: {
    readonly said: string;
    readonly warnings: number;
    readonly faults: number;
  }) => [said, ...problemTexts({ errors: 0, warnings }), ...(faults === 0 ? [] : [plural(faults, 'fault')])].join(', '),
};

interface Devices {
  readonly devices: number;
}

/** How many findings there are. Notices do not count. */
interface Problems {
  readonly errors: number;
  readonly warnings: number;
}

type Changed = Partial<Pick<Counts, 'claimed'>> & Pick<Counts, 'created' | 'updated' | 'removed' | 'unchanged'>;
type NotDone = Pick<Counts, 'failed' | 'unknown'>;

function problems(findings: readonly Finding[]): Problems {
  const count = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return { errors: count('error'), warnings: count('warning') };
}

/** `2 errors` and `1 warning`; a severity without findings is left out. */
function problemTexts({ errors, warnings }: Problems): readonly string[] {
  return [...(errors === 0 ? [] : [plural(errors, 'error')]), ...(warnings === 0 ? [] : [plural(warnings, 'warning')])];
}

function changedText({ created, updated, claimed = 0, removed, unchanged }: Changed): string {
  return `created ${created}, updated ${updated}${ifAny('claimed', claimed)}${ifAny('removed', removed)}, unchanged ${unchanged}`;
}

/** `, removed 2`. Few runs claim or remove devices, so nothing is said where none are. */
function ifAny(what: string, count: number): string {
  return count === 0 ? '' : `, ${what} ${count}`;
}
