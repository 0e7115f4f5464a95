import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setOutput } from '@actions/core';
import { describeReasons } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { withoutSecrets } from '../model/secrets.ts';
import { counts } from '../report/counts.ts';
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
  const { created, updated, claimed, unchanged, removed, failed, unknown } = counts(report);
  const outputs = {
    result: report.result,
    created,
    updated,
    claimed,
    unchanged,
    removed,
    failed,
    unknown,
    devices: devices.length < mostOutput ? devices : '',
    'devices-file': devicesFile,
    'plan-file': report.planFile ?? '',
    'bundles-directory': report.bundlesDirectory ?? '',
    'artifact-ids': artifactIds.join(','),
    'sarif-file': sarifFile,
    'report-file': reportFile,
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
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
