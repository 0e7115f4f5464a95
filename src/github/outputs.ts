import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setOutput } from '@actions/core';
import { describeReasons } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { withoutSecrets } from '../model/secrets.ts';
import { type Counts, counts } from '../report/counts.ts';
import { reportJson } from '../report/json.ts';
import { type SarifContext, sarif } from '../report/sarif.ts';

/** In characters. The outputs of a job can hold 1 MB together, and GitHub counts two bytes for each character. */
const mostOutput = 500_000;

/** Where to write the files that the outputs name, and what their writers need. */
export interface OutputFiles {
  /** Absolute. */
  readonly folder: string;
  readonly sarif: SarifContext;
  /** Masks the secrets in a text. */
  readonly hide: (text: string) => string;
}

/** Sets every output, also of a failed run, so that the next step can read how far the run came. */
export function setOutputs(report: Report, artifactIds: readonly number[], files: OutputFiles): void {
  const { folder, hide } = files;
  mkdirSync(folder, { recursive: true });
  const devices = hide(JSON.stringify(withoutSecrets(deviceRows(report))));
  const devicesFile = join(folder, 'provision-iot-edge-devices.json');
  const reportFile = join(folder, 'provision-iot-edge-report.json');
  const sarifFile = join(folder, 'provision-iot-edge.sarif');
  writeAnew(devicesFile, devices);
  writeAnew(reportFile, hide(`${JSON.stringify(reportJson(report), null, 2)}\n`));
  writeAnew(sarifFile, hide(sarif(report, files.sarif)));
  const { result } = report;
  const counted = countsOf(report);
  const outcomeFile = join(folder, 'provision-iot-edge-outcome.json');
  writeAnew(outcomeFile, JSON.stringify({ result, ...counted, artifactIds, hubs: countsByHub(report) }));
  const outputs = {
    result,
    ...counted,
    ...plannedHubs(report),
    devices: devices.length < mostOutput ? devices : '',
    'devices-file': devicesFile,
    'plan-file': report.planFile ?? '',
    'bundles-directory': report.bundlesDirectory ?? '',
    'artifact-ids': artifactIds.join(','),
    'sarif-file': sarifFile,
    'report-file': reportFile,
    'report-html': report.page?.file ?? '',
    'outcome-file': outcomeFile,
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

/** The counts that are outputs, in the order of action.yml. */
function countsOf(report: Report): Counts {
  const { created, updated, claimed, unchanged, removed, failed, unknown } = counts(report);
  return { created, updated, claimed, unchanged, removed, failed, unknown };
}

function countsByHub(report: Report): Readonly<Record<string, Counts>> {
  const hubs = new Set([...report.changes, ...report.outcomes].map(({ hub }) => hub));
  return Object.fromEntries(
    [...hubs].map((hub) => {
      const changes = report.changes.filter((change) => change.hub === hub);
      const outcomes = report.outcomes.filter((outcome) => outcome.hub === hub);
      return [hub, countsOf({ ...report, changes, outcomes })];
    }),
  );
}

/** The hubs of a plan that may be carried out, as JSON lists that a matrix takes. */
function plannedHubs({ planFile, changes }: Report): Record<'hubs-with-changes' | 'hubs-without-changes', string> {
  if (planFile === undefined) return { 'hubs-with-changes': '', 'hubs-without-changes': '' };
  const all = new Set(changes.map(({ hub }) => hub));
  const changing = new Set(changes.filter(({ kind }) => kind !== 'unchanged').map(({ hub }) => hub));
  return {
    'hubs-with-changes': JSON.stringify([...changing]),
    'hubs-without-changes': JSON.stringify([...all].filter((hub) => !changing.has(hub))),
  };
}

/** Removes what is there first, and does not follow a link: without RUNNER_TEMP the folder is that of the repository. */
function writeAnew(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { flag: 'wx' });
}

function deviceRows({ outcomes, changes, listed }: Report): readonly object[] {
  if (outcomes.length > 0) return outcomes;
  if (changes.length > 0) {
    return changes.map((change) => {
      const reason = 'reasons' in change ? { reason: describeReasons(change.reasons) } : {};
      return { device: change.id, hub: change.hub, result: change.kind, ...reason };
    });
  }
  return listed.map(({ device, hub, managed }) => ({
    device: device.id,
    hub,
    result: managed ? 'managed' : 'unmanaged',
  }));
}
