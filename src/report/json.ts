import { devicesOf, type Finding } from '../model/finding.ts';
import type { Change } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import { withoutSecrets } from '../model/secrets.ts';
import { outcomeCounts } from './counts.ts';
import { ownerLabel } from './owners.ts';

/**
 * Returns the report as one JSON document (`--json`, output `report-file`). Its schema is schemas/report.schema.json.
 */
export function reportJson(report: Report): object {
  return withoutSecrets({
    command: report.command,
    result: report.result,
    ...(report.rules === undefined ? {} : { rules: [...report.rules].map(([rule, severity]) => ({ rule, severity })) }),
    findings: report.findings.map(findingJson),
    ...(report.deployments === undefined ? {} : { deployments: report.deployments }),
    changes: report.changes.map((change) => ({
      device: change.id,
      hub: change.hub,
      kind: change.kind,
      reasons: 'reasons' in change ? change.reasons : [],
      ...ownerJson(change, report),
      ...('rotation' in change ? { rotation: change.rotation } : {}),
    })),
    outcome: {
      ...outcomeCounts(report),
      tagged: report.outcomes.filter(({ tags }) => tags === 'written').length,
      devices: report.outcomes,
    },
    ...(report.kept ? { kept: report.kept } : {}),
    bundles: report.bundles.map(({ device, hub, directory, files }) => ({
      device,
      hub,
      directory,
      files: files.map(({ name }) => name),
    })),
    ...(report.bundleChanges === undefined ? {} : { bundleChanges: report.bundleChanges }),
    ...(report.configuration === undefined ? {} : { configuration: report.configuration }),
    ...(report.command === 'list' ? { devices: listedJson(report) } : {}),
    faults: report.faults.map(({ message, remedy }) => ({ message, remedy })),
  });
}

function findingJson(finding: Finding): object {
  const { rule, severity, message, remedy, place, device, hub, each, places } = finding;
  const devices = devicesOf(finding);
  const where = { file: place?.file, line: place?.line, column: place?.column };
  return {
    rule,
    severity,
    message,
    remedy,
    ...where,
    device,
    ...(devices.length === 0 ? {} : { devices }),
    hub,
    each,
    places: places?.map((one) => ({ device: one.device, ...one.place })),
  };
}

/** The owner of a device that the hub has, and whether this run claims it. */
function ownerJson(change: Change, { owner }: Report): object {
  const label = 'found' in change ? ownerLabel(change.found, owner) : undefined;
  const claims = 'claim' in change && change.claim !== undefined;
  return { ...(label === undefined ? {} : { owner: label }), ...(claims ? { claims } : {}) };
}

function listedJson({ listed, owner }: Report): readonly object[] {
  return listed.map(({ hub, managed, device }) => ({
    device: device.id,
    hub,
    managed,
    owner: ownerLabel(device, owner),
    status: device.status,
    statusReason: device.statusReason,
    authentication: device.authentication,
    thumbprints: device.thumbprints,
  }));
}
