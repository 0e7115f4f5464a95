import type { Finding } from '../model/finding.ts';
import { type Change, type ChangeKind, type DeviceOutcome, key } from '../model/plan.ts';
import type { Command, Report } from '../model/report.ts';
import { number, plural } from './counts.ts';
import { byDevice } from './device-groups.ts';

/**
 * The sentence that says how a run ended: `Plan: 1 to create, 2 to update; 9 unchanged (1 warning)`. It counts only what there is. At its
 * end it has the number of warnings, and of faults that the result does not tell.
 */
export function headline(report: Report): string {
  const { result, findings, faults } = report;
  const said = resultText(report);
  // This one counts its findings itself.
  if (result === 'invalid') return said;
  const found = { ...problems(findings), errors: 0, faults: result === 'failed' ? 0 : faults.length };
  return headlines.counted({ said, ...found });
}

function resultText(report: Report): string {
  const { command, result, outcomes, listed, devices, deployments, findings } = report;
  switch (result) {
    case 'valid':
      if (deployments !== undefined) return headlines.deployments({ devices, deployments: deployments.length });
      return command === 'validate' ? headlines.valid({ devices }) : headlines['only-valid']({ devices });
    case 'invalid':
      return headlines.invalid({ command, ...problems(findings) });
    case 'unchanged':
      return headlines.unchanged({ command, devices });
    case 'changes':
      return headlines.changes(countPlanned(report));
    case 'changed':
      return headlines.changed(countDone(report));
    case 'written':
      return headlines.written(countDone(report));
    case 'partial':
      return headlines.partial(countDone(report));
    case 'failed':
      return outcomes.length > 0 ? headlines.failed(countDone(report)) : headlines['ended-early']({ command });
    case 'rendered':
      return headlines.rendered({ bundles: report.bundles.length });
    case 'in-sync':
      return headlines['in-sync']({ devices });
    case 'drift':
      return headlines.drift(countPlanned(report));
    case 'listed':
      return headlines.listed({ devices: listed.length, managed: listed.filter(({ managed }) => managed).length });
  }
}

/** The headline of each result. */
export const headlines = {
  valid: ({ devices }: Devices) => `${plural(devices, 'device')}: the manifest is valid`,

  deployments: ({ devices, deployments }: Devices & { readonly deployments: number }) =>
    [
      ...(devices === 0 ? [] : [`${plural(devices, 'device')}: the manifest is valid`]),
      `${plural(deployments, 'deployment')}: the runtime takes ${deployments === 1 ? 'it' : 'them'}`,
    ].join('; '),

  'only-valid': ({ devices }: Devices) => `${plural(devices, 'device')}: the manifest is valid; no hub was asked`,

  invalid: ({ command, ...found }: OfCommand & Problems) =>
    `${refusedTexts[command]}: ${problemTexts(found).join(', ')}`,

  unchanged: ({ command, devices }: OfCommand & Devices) =>
    `${nouns[command]}: nothing to change; ${number(devices)} unchanged`,

  changes: (planned: Planned) => `Plan: ${listOf(planned, plannedWords)}`,

  changed: (done: Done) => `Applied: ${listOf(done, doneWords)}`,

  written: (done: Done) => `Applied, but files are missing: ${listOf(done, doneWords)}`,

  partial: (done: Done) => `Applied in part: ${listOf(done, doneWords)}`,

  failed: (done: Done) => `Apply failed: ${listOf(done, doneWords)}`,

  'ended-early': ({ command }: OfCommand) => `${nouns[command]} ended early`,

  rendered: ({ bundles }: { readonly bundles: number }) => `Rendered: ${plural(bundles, 'bundle')}`,

  'in-sync': ({ devices }: Devices) => `In sync: ${plural(devices, 'device')}`,

  drift: (found: Planned) => `Drift: ${listOf(found, driftWords)}`,

  listed: ({ devices, managed }: Devices & { readonly managed: number }) =>
    `Listed: ${plural(devices, 'edge device')}, ${number(managed)} in the manifest`,

  /** Any of them, with the number of warnings and faults. */
  counted: ({ said, ...found }: { readonly said: string } & Problems & { readonly faults: number }) => {
    const texts = [...problemTexts(found), ...(found.faults === 0 ? [] : [plural(found.faults, 'fault')])];
    return texts.length === 0 ? said : `${said} (${texts.join(', ')})`;
  },
};

const nouns: Readonly<Record<Command, string>> = {
  validate: 'Validate',
  plan: 'Plan',
  apply: 'Apply',
  render: 'Render',
  verify: 'Verify',
  list: 'List',
};

const refusedTexts: Readonly<Record<Command, string>> = {
  validate: 'Invalid',
  plan: 'Plan refused',
  apply: 'Apply refused, nothing was written to any hub',
  render: 'Render refused, no bundle was written',
  verify: 'Verify refused',
  list: 'List refused',
};

/** What is counted, in the order in which it is said, with its words. The last one stands after a semicolon. */
type Words<Kind extends string> = readonly (readonly [kind: Kind, word: string])[];
type Counted<Kind extends string> = Readonly<Partial<Record<Kind, number>>>;

export type Planned = Counted<ChangeKind>;
export type DoneKind = Exclude<DeviceOutcome['result'], 'removed'> | 'disabled' | 'deleted';
export type Done = Counted<DoneKind>;

const plannedWords: Words<ChangeKind> = [
  ['create', 'to create'],
  ['update', 'to update'],
  ['claim', 'to claim'],
  ['disable', 'to disable'],
  ['delete', 'to delete'],
  ['blocked', 'blocked'],
  ['conflict', 'foreign'],
  ['unchanged', 'unchanged'],
];

const driftWords: Words<ChangeKind> = [
  ['create', 'missing'],
  ['update', 'different'],
  ['disable', 'no longer declared'],
  ['delete', 'no longer declared'],
  ['blocked', 'different and blocked'],
  ['conflict', 'foreign'],
  ['unchanged', 'as declared'],
];

const doneWords: Words<DoneKind> = [
  ['failed', 'failed'],
  ['unknown', 'unknown'],
  ['created', 'created'],
  ['updated', 'updated'],
  ['claimed', 'claimed'],
  ['disabled', 'disabled'],
  ['deleted', 'deleted'],
  ['unchanged', 'unchanged'],
];

/** `1 to create, 2 to update; 9 unchanged`. Only what there is. */
function listOf<Kind extends string>(counted: Counted<Kind>, words: Words<Kind>): string {
  const texts = words.map(([kind, word]) => {
    const count = counted[kind] ?? 0;
    return count === 0 ? '' : `${number(count)} ${word}`;
  });
  const changed = texts.slice(0, -1).filter((text) => text !== '');
  const rest = texts.at(-1) ?? '';
  return [changed.length === 0 ? 'nothing to change' : changed.join(', '), rest]
    .filter((text) => text !== '')
    .join('; ');
}

/** What happens to one device, in the words of the headline: `to create`, `created`, `missing`. Undefined if that is not known. */
export function deviceWord(
  { command }: Pick<Report, 'command'>,
  change: Pick<Change, 'kind'> | undefined,
  outcome: Pick<DeviceOutcome, 'result'> | undefined,
): string | undefined {
  if (outcome !== undefined) {
    const done = outcome.result === 'removed' ? (change?.kind === 'delete' ? 'deleted' : 'disabled') : outcome.result;
    return new Map(doneWords).get(done);
  }
  if (change === undefined) return undefined;
  if (command !== 'verify') return new Map(plannedWords).get(change.kind);
  return new Map(driftWords).get(change.kind === 'claim' ? 'unchanged' : change.kind);
}

/** A claim is no drift: it changes who owns a device, not what the device is. */
function countPlanned({ command, changes }: Report): Planned {
  const counted: Partial<Record<ChangeKind, number>> = {};
  const count = (kind: ChangeKind) => {
    counted[kind] = (counted[kind] ?? 0) + 1;
  };
  for (const change of changes) {
    if (command === 'verify') count(change.kind === 'claim' ? 'unchanged' : change.kind);
    else {
      count(change.kind);
      if (change.kind === 'update' && change.claim !== undefined) count('claim');
    }
  }
  return counted;
}

function countDone({ outcomes, changes }: Report): Done {
  const planned = byDevice(changes);
  const counted: Partial<Record<DoneKind, number>> = {};
  const count = (kind: DoneKind) => {
    counted[kind] = (counted[kind] ?? 0) + 1;
  };
  for (const outcome of outcomes) {
    const { result, owner } = outcome;
    if (result !== 'removed') count(result);
    else count(planned.get(key(outcome))?.kind === 'delete' ? 'deleted' : 'disabled');
    if (result !== 'claimed' && owner === 'claimed') count('claimed');
  }
  return counted;
}

interface Devices {
  readonly devices: number;
}

interface OfCommand {
  readonly command: Command;
}

/** How many findings there are. Notices do not count. */
interface Problems {
  readonly errors: number;
  readonly warnings: number;
}

function problems(findings: readonly Finding[]): Problems {
  const count = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return { errors: count('error'), warnings: count('warning') };
}

/** `2 errors` and `1 warning`; a severity without findings is left out. */
function problemTexts({ errors, warnings }: Problems): readonly string[] {
  return [...(errors === 0 ? [] : [plural(errors, 'error')]), ...(warnings === 0 ? [] : [plural(warnings, 'warning')])];
}
