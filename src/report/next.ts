import type { Command, Report } from '../model/report.ts';
import { number, plural } from './counts.ts';
import type { Reader } from './reader.ts';

/** Returns where the bundles are, which of them differ from those before if that is known, and what to do next. */
export function nextLines(report: Report, reader: Reader): readonly string[] {
  const next = nextOf(report, reader);
  return [...bundleLines(report, reader), ...(next === undefined ? [] : [`Next: ${next}`])];
}

function bundleLines(report: Report, reader: Reader): readonly string[] {
  const { bundles, bundlesDirectory, bundleChanges, artifacts = [] } = report;
  if (bundles.length === 0 || bundlesDirectory === undefined) return [];
  // A folder of a runner is gone when somebody reads this.
  const folder = reader === 'runner' && artifacts.length > 0 ? undefined : bundlesDirectory;
  return [
    bundleTexts.where({ bundles: bundles.length, folder, artifacts }),
    ...(bundleChanges === undefined ? [] : [bundleTexts.changes(bundleChanges)]),
  ];
}

function nextOf(report: Report, reader: Reader): string | undefined {
  const { command, result, findings, outcomes, planFile, faults } = report;
  const configured = new Set((report.configuration ?? []).flatMap(({ devices }) => devices)).size;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  switch (result) {
    case 'valid':
      if (report.deployments !== undefined && report.devices === 0) return nextTexts.deployments();
      return command === 'validate' ? nextTexts.valid() : nextTexts['only-valid']();
    case 'invalid':
      return errors > 0 ? nextTexts.errors({ errors, command }) : nextTexts.warnings({ warnings, command });
    case 'unchanged':
      if (command === 'plan')
        return configured > 0 ? nextTexts.configured({ devices: configured }) : nextTexts.nothing();
      return report.bundles.length > 0 ? bringing(report) : nextTexts.nothing();
    case 'changes':
      return planFile === undefined || reader === 'runner'
        ? nextTexts.planned({ configured })
        : nextTexts.approved({ planFile, configured });
    case 'changed':
      return report.bundles.length > 0 ? bringing(report) : nextTexts.nothing();
    case 'rendered':
      return bringing(report);
    case 'written':
      return nextTexts.files();
    case 'partial':
    case 'failed':
      return outcomes.length === 0 ? nextTexts['ended-early']({ faults: faults.length, command }) : again(report);
    case 'drift':
      return nextTexts.drift();
    case 'in-sync':
      return warnings > 0 ? nextTexts.renew({ warnings }) : nextTexts.nothing();
    case 'listed':
      return undefined;
  }
}

function again({ outcomes }: Report): string {
  return outcomes.some(({ result }) => result === 'failed') ? nextTexts.failed() : nextTexts.unknown();
}

function bringing({ bundleChanges }: Report): string {
  if (bundleChanges === undefined) return nextTexts.bring();
  const { added, changed } = bundleChanges;
  return added.length + changed.length === 0 ? nextTexts.nothing() : nextTexts['bring-changed']();
}

/** A line names at most this number of devices or artifacts. */
const fewNames = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, fewNames).join(', ');
  return names.length <= fewNames ? shown : `${shown}, … (${number(names.length)})`;
}

interface Where {
  readonly bundles: number;
  /** Absolute; undefined if the artifacts are all that the reader can open. */
  readonly folder: string | undefined;
  readonly artifacts: readonly string[];
}

/** The texts of the lines about bundles. */
export const bundleTexts = {
  where: ({ bundles, folder, artifacts }: Where) => {
    const noun = artifacts.length === 1 ? 'artifact' : 'artifacts';
    const places = [
      ...(folder === undefined ? [] : [`in ${folder}`]),
      ...(artifacts.length === 0 ? [] : [`in the ${noun} ${listed(artifacts)}`]),
    ];
    return `Bundles: ${number(bundles)} ${places.join(' and ')}`;
  },

  changes: ({ added, changed }: NonNullable<Report['bundleChanges']>) => {
    const texts = [
      ...(added.length === 0 ? [] : [`${number(added.length)} new: ${listed(added)}`]),
      ...(changed.length === 0 ? [] : [`${number(changed.length)} changed: ${listed(changed)}`]),
    ];
    return `Since the bundles before: ${texts.length === 0 ? 'none is new or changed' : texts.join('; ')}`;
  },
};

interface OfCommand {
  readonly command: Command;
}

/** What to do next. */
export const nextTexts = {
  nothing: () => 'nothing to do',
  valid: () => 'plan shows what apply would change',
  deployments: () => 'apply the deployments to a device for trial, then to the others',
  'only-valid': () => 'a run that may sign in to the hub shows the changes',
  errors: ({ errors, command }: { readonly errors: number } & OfCommand) =>
    `fix ${errors === 1 ? 'the error' : `the ${plural(errors, 'error')}`}, then run ${command} again`,
  warnings: ({ warnings, command }: { readonly warnings: number } & OfCommand) =>
    `fix ${warnings === 1 ? 'the warning' : `the ${plural(warnings, 'warning')}`}, then run ${command} again; fail-on: warning stops the run`,
  configured: ({ devices }: { readonly devices: number }) =>
    `apply writes nothing to the hub; bring the new bundles of ${plural(devices, 'device')} to them`,
  planned: ({ configured }: { readonly configured: number }) =>
    `apply makes these changes; nothing is written yet${thenBring(configured)}`,
  approved: ({ planFile, configured }: { readonly planFile: string; readonly configured: number }) =>
    `approve the plan in ${planFile}, then run apply with --plan-file; nothing is written yet${thenBring(configured)}`,
  bring: () => 'bring the bundles to the devices that do not have them yet',
  'bring-changed': () => 'bring the new and changed bundles to their devices',
  files: () => 'fix the fault, then run apply again: it writes and uploads all bundles',
  'ended-early': ({ faults, command }: { readonly faults: number } & OfCommand) =>
    `fix ${faults > 1 ? 'the faults' : 'the fault'}, then run ${command} again`,
  failed: () => 'fix the reasons given for the failed devices, then run apply again; it writes only what is missing',
  unknown: () => 'run apply again; it reads what the hub has and writes only what is missing',
  drift: () => 'plan shows what apply would change in the hub; to keep what the hub has, change the manifest',
  renew: ({ warnings }: { readonly warnings: number }) => `look at ${warnings === 1 ? 'the warning' : 'the warnings'}`,
};

function thenBring(devices: number): string {
  return devices === 0 ? '' : `. Then bring the new bundles of ${plural(devices, 'device')} to them`;
}
