import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setOutput } from '@actions/core';
import { describeReasons } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { counts } from '../report/counts.ts';
import { reportJson } from '../report/json.ts';

/** A job's outputs may hold 1 MB together; GitHub counts two bytes a character. */
const mostOutput = 500_000;

/** Sets every output, also of a run that failed: the next step can read how far it came. */
export function setOutputs(report: Report, artifactIds: readonly number[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  const devices = JSON.stringify(deviceRows(report));
  const devicesFile = join(folder, 'provision-iot-edge-devices.json');
  const reportFile = join(folder, 'provision-iot-edge-report.json');
  writeFileSync(devicesFile, devices);
  writeFileSync(reportFile, `${JSON.stringify(reportJson(report), null, 2)}\n`);
  const { created, updated, unchanged, failed, unknown } = counts(report);
  const outputs = {
    result: report.result,
    created,
    updated,
    unchanged,
    failed,
    unknown,
    devices: devices.length < mostOutput ? devices : '',
    'devices-file': devicesFile,
    'bundles-directory': report.bundlesDirectory ?? '',
    'artifact-ids': artifactIds.join(','),
    'report-file': reportFile,
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
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
