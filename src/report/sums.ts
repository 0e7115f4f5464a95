import type { Finding } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { number, plural } from './counts.ts';
import { ownerLabel, ownerLabels } from './owners.ts';

/** Says what the list of changes does not show, one line each: `owners: this repository (2 devices), none (1 device)`. */
export function sumLines(
  report: Pick<Report, 'command' | 'result' | 'changes' | 'outcomes' | 'owner' | 'kept' | 'deployments' | 'findings'>,
): readonly string[] {
  const { kept = 0 } = report;
  const refused = report.outcomes.filter(({ owner }) => owner === 'refused').length;
  const owners = report.command === 'verify' ? ownerCounts(report) : [];
  const checked = deploymentCounts(report);
  const allWell = report.result === 'valid' && checked?.errors === 0 && checked.warnings === 0;
  return [
    ...(checked === undefined || allWell ? [] : [sums.deployments(checked)]),
    ...(owners.length === 0 ? [] : [sums.owners(owners)]),
    ...(refused === 0 ? [] : [sums.refused(refused)]),
    ...(kept === 0 ? [] : [sums.kept(kept)]),
  ];
}

/** The texts of these lines. */
export const sums = {
  deployments: ({ errors, warnings, others }: DeploymentCounts) => {
    const parts = [
      ...(errors === 0 ? [] : [`${number(errors)} with errors`]),
      ...(warnings === 0 ? [] : [`${number(warnings)} with warnings`]),
      ...(others === 0 ? [] : [`${number(others)} without`]),
    ];
    return `${plural(errors + warnings + others, 'deployment')} checked: ${parts.length === 0 ? 'no file was found' : parts.join(', ')}`;
  },

  owners: (owners: readonly (readonly [owner: string, devices: number])[]) => {
    return `Owners: ${owners.map(([owner, count]) => `${owner} (${plural(count, 'device')})`).join(', ')}`;
  },

  refused: (devices: number) =>
    `Owner: the hub refused this run's mark of ${plural(devices, 'new device')}, so prune cannot remove them`,

  kept: (devices: number) =>
    devices === 1
      ? "Kept: 1 device that no manifest declares any more; prune leaves it, since it is not this repository's"
      : `Kept: ${number(devices)} devices that no manifest declares any more; prune leaves them, since they are not this repository's`,
};

/** How many files have an error, have only warnings, or neither. */
export interface DeploymentCounts {
  readonly errors: number;
  readonly warnings: number;
  readonly others: number;
}

function deploymentCounts({
  deployments,
  findings,
}: Pick<Report, 'deployments' | 'findings'>): DeploymentCounts | undefined {
  if (deployments === undefined) return undefined;
  const files = (severity: Finding['severity']) =>
    new Set(findings.flatMap((one) => (one.severity === severity && one.place !== undefined ? [one.place.file] : [])));
  const [errors, warnings] = [files('error'), files('warning')];
  const faulty = deployments.filter((file) => errors.has(file)).length;
  const doubtful = deployments.filter((file) => !errors.has(file) && warnings.has(file)).length;
  return { errors: faulty, warnings: doubtful, others: deployments.length - faulty - doubtful };
}

/** Counts the devices of each owner, this repository first. */
function ownerCounts({ changes, owner }: Pick<Report, 'changes' | 'owner'>): readonly (readonly [string, number])[] {
  const counted = new Map<string, number>();
  for (const change of changes) {
    const name = 'found' in change ? ownerLabel(change.found, owner) : undefined;
    if (name !== undefined) counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  return [...counted].sort(([a], [b]) => Number(b === ownerLabels.ours) - Number(a === ownerLabels.ours));
}
