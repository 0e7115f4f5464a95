import { Fault } from '../../src/model/fault.ts';
import type { Finding, Severity } from '../../src/model/finding.ts';
import type { ChangeKind, DeviceOutcome, Reason } from '../../src/model/plan.ts';
import type { Command, Report, Result } from '../../src/model/report.ts';
import { ours } from '../plan/devices.ts';
import { fc } from '../support/property.ts';
import { changeOf, findingOf, listedOf, outcomeOf, reportOf } from './reports.ts';

/** What a run can end with. `wrote` is an apply that came to the devices. */
const ends: readonly (readonly [command: Command, result: Result, wrote?: 'wrote'])[] = [
  ['validate', 'valid'],
  ['validate', 'invalid'],
  ['plan', 'valid'],
  ['plan', 'invalid'],
  ['plan', 'unchanged'],
  ['plan', 'changes'],
  ['plan', 'failed'],
  ['apply', 'invalid'],
  ['apply', 'unchanged', 'wrote'],
  ['apply', 'changed', 'wrote'],
  ['apply', 'written', 'wrote'],
  ['apply', 'partial', 'wrote'],
  ['apply', 'failed', 'wrote'],
  ['apply', 'failed'],
  ['render', 'rendered'],
  ['render', 'invalid'],
  ['render', 'failed'],
  ['verify', 'in-sync'],
  ['verify', 'drift'],
  ['verify', 'invalid'],
  ['verify', 'failed'],
  ['list', 'listed'],
  ['list', 'invalid'],
  ['list', 'failed'],
];

const plannedKinds = ['create', 'update', 'claim', 'disable', 'delete', 'conflict', 'blocked', 'unchanged'] as const;

/** What an apply may do with a planned change. */
const doneKinds: Readonly<Partial<Record<ChangeKind, readonly DeviceOutcome['result'][]>>> = {
  create: ['created', 'failed', 'unknown'],
  update: ['updated', 'failed', 'unknown'],
  claim: ['claimed', 'failed', 'unknown'],
  disable: ['removed', 'failed', 'unknown'],
  delete: ['removed', 'failed', 'unknown'],
  unchanged: ['unchanged'],
};

const results: Readonly<Partial<Record<Result, readonly DeviceOutcome['result'][]>>> = {
  unchanged: ['unchanged'],
  changed: ['created', 'updated', 'claimed', 'removed', 'unchanged'],
  written: ['created', 'updated', 'claimed', 'removed', 'unchanged'],
  failed: ['failed', 'unknown'],
};

const reasons: readonly (readonly Reason[])[] = [
  [{ field: 'status', before: 'enabled', after: 'disabled' }],
  [{ field: 'tags.site', before: null, after: '"plant|<b>`7`"' }],
];

const kindOf = fc.constantFrom(...plannedKinds);
const few = { maxLength: 3 } as const;

/**
 * Runs of every command with every result, mixed with what such a run can have. Each thing that is said has a word of its own in it:
 * `xerror1`, `xfailed2`, so that a test can find it on a screen.
 */
export const generatedRuns: readonly (readonly [name: string, report: Report])[] = ends.flatMap(
  ([command, result, wrote], index) => {
    const parts = fc.record({
      kinds: fc.array(fc.record({ kind: kindOf, pick: fc.nat(), reason: fc.constantFrom(...reasons) }), {
        maxLength: 12,
      }),
      errors: fc.nat({ max: 3 }),
      warnings: fc.nat({ max: 3 }),
      notices: fc.nat({ max: 3 }),
      faults: fc.nat({ max: 2 }),
      configured: fc.nat({ max: 2 }),
      rules: fc.boolean(),
      bundles: fc.array(fc.constant(undefined), few),
      artifacts: fc.boolean(),
    });
    const numRuns = command === 'plan' || command === 'apply' || command === 'verify' ? 3 : 2;
    const samples = fc.sample(parts, { numRuns, seed: 20261128 + index });
    return samples.map((sample, n): readonly [string, Report] => [
      `${command}, ${result}${wrote === undefined ? '' : ', written'}, ${n + 1}`,
      runOf({ command, result, wrote: wrote !== undefined }, sample),
    ]);
  },
);

interface Sample {
  readonly kinds: readonly {
    readonly kind: (typeof plannedKinds)[number];
    readonly pick: number;
    readonly reason: readonly Reason[];
  }[];
  readonly errors: number;
  readonly warnings: number;
  readonly notices: number;
  readonly faults: number;
  readonly configured: number;
  readonly rules: boolean;
  readonly bundles: readonly undefined[];
  readonly artifacts: boolean;
}

function runOf(
  { command, result, wrote }: { readonly command: Command; readonly result: Result; readonly wrote: boolean },
  sample: Sample,
): Report {
  const changes = changesOf(command, result, wrote, sample);
  const outcomes = wrote ? changes.flatMap(({ outcome }) => outcome ?? []) : [];
  const findings = [
    ...many(sample.notices, 'notice'),
    ...many(result === 'invalid' ? Math.max(sample.errors, sample.warnings === 0 ? 1 : 0) : 0, 'error'),
    ...many(sample.warnings, 'warning'),
  ];
  const mustFault = result === 'written' || (result === 'failed' && !wrote);
  const faults = mustFault ? Math.max(1, sample.faults) : sample.faults;
  const writes = command === 'render' ? result === 'rendered' : wrote && result !== 'failed';
  const bundles = writes ? sample.bundles.map((_, n) => bundleOf(n)) : [];
  const compares = command === 'plan' || command === 'validate';
  return reportOf({
    command,
    result,
    devices: changes.length,
    findings,
    changes: changes.map(({ change }) => change),
    outcomes,
    owner: ours,
    faults: Array.from({ length: faults }, (_, n) => new Fault(`xfault${n} has stopped it`, 'Try it again.')),
    ...(sample.rules ? { rules: new Map([['certificate/is-ca', 'off'] as const]) } : {}),
    ...(compares ? { configuration: configurationOf(sample.configured) } : {}),
    bundles,
    ...(bundles.length === 0 ? {} : { bundlesDirectory: '/srv/device-bundles' }),
    ...(bundles.length > 0 && sample.artifacts ? { artifacts: bundles.map(({ artifact }) => artifact) } : {}),
    listed: result === 'listed' ? [listedOf('xlisted1', true, ours)] : [],
  });
}

function changesOf(command: Command, result: Result, wrote: boolean, { kinds }: Sample) {
  const asksHub = ['plan', 'apply', 'verify'].includes(command) && result !== 'valid';
  if (!asksHub || (result === 'failed' && !wrote)) return [];
  const possible = (kind: ChangeKind): boolean => {
    if (result === 'unchanged') return kind === 'unchanged';
    if (result === 'in-sync') return kind === 'unchanged' || kind === 'claim';
    if (kind === 'conflict' || kind === 'blocked') return result === 'invalid' || result === 'drift';
    return true;
  };
  const wanted = [
    ...(result === 'partial' || result === 'failed' ? ([{ kind: 'create', pick: 1, reason: [] }] as const) : []),
    ...(['changes', 'changed', 'partial', 'drift'].includes(result)
      ? ([{ kind: 'update', pick: 0, reason: reasons[0]! }] as const)
      : []),
    ...kinds,
  ];
  return wanted.flatMap(({ kind, pick, reason }, n) => {
    if (!possible(kind)) return [];
    const allowed = (doneKinds[kind] ?? []).filter((one) => (results[result] ?? [one]).includes(one));
    if (wrote && allowed.length === 0) return [];
    const done = allowed[pick % allowed.length];
    const id = `x${wrote && (done === 'failed' || done === 'unknown') ? done : kind}${n}`;
    const why = done === 'failed' || done === 'unknown' ? `429 <b>too many</b>` : undefined;
    const change = changeOf(kind, id, reason.length === 0 ? reasons[0] : reason);
    return [{ change, outcome: done === undefined ? undefined : outcomeOf(done, id, why) }];
  });
}

function many(count: number, severity: Severity): readonly Finding[] {
  return Array.from({ length: count }, (_, n) =>
    findingOf({
      severity,
      device: undefined,
      message: `x${severity}${n} has | and <i>`,
      place: { file: 'd.yaml', line: n + 1, column: 1 },
    }),
  );
}

function configurationOf(count: number) {
  return Array.from({ length: count }, (_, n) => ({ key: `xconfig${n}`, after: '`1`', devices: ['xdevice'] }));
}

function bundleOf(n: number): Report['bundles'][number] {
  const { id, hub } = changeOf('create', `xbundle${n}`);
  return { device: id, hub, directory: `b${n}`, artifact: `iot-edge-b${n}`, files: [] };
}
