import { Fault } from '../../src/model/fault.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Owner } from '../../src/model/owner.ts';
import type { Change, ChangeKind, DeviceOutcome, Reason } from '../../src/model/plan.ts';
import type { ListedDevice, Report, Result } from '../../src/model/report.ts';
import { found, hub, idOf, ours, twinOf, wanted } from '../plan/devices.ts';

/** A report that holds only its result. */
export function reportOf(parts: Partial<Report> = {}): Report {
  return {
    command: 'plan',
    result: 'unchanged',
    devices: 3,
    findings: [],
    changes: [],
    outcomes: [],
    bundles: [],
    listed: [],
    faults: [],
    ...parts,
  };
}

export function findingOf(parts: Partial<Finding> = {}): Finding {
  return {
    rule: 'certificate/cn-mismatch',
    severity: 'error',
    message: 'certs/a.pem has the common name "b", expected "a"',
    remedy: 'Rename it.',
    place: { file: 'fleet/devices.yaml', line: 12, column: 5 },
    device: 'a',
    ...parts,
  };
}

const statusReason: Reason = { field: 'status', before: 'enabled', after: 'disabled' };

export function changeOf(kind: ChangeKind, id = 'edge-001', reasons: readonly Reason[] = [statusReason]): Change {
  const identity = wanted({ id });
  const base = { id: idOf(id), hub, identity };
  const registration = { id: idOf(id), thumbprints: identity.thumbprints, status: 'enabled' as const };
  switch (kind) {
    case 'create':
      return { ...base, kind, registration };
    case 'unchanged':
      return { ...base, kind, found: found({ id: idOf(id) }) };
    case 'update':
      return { ...base, kind, registration, registers: true, found: found({ id: idOf(id) }), reasons };
    case 'claim':
      return { ...base, kind, found: found({ id: idOf(id) }), claim: { owner: ours, before: undefined }, reasons };
    case 'disable':
    case 'delete':
      return { id: base.id, hub, kind, owner: ours, found: found({ id: idOf(id) }), reasons };
    default:
      return { ...base, kind, found: found({ id: idOf(id) }), reasons };
  }
}

export function outcomeOf(result: DeviceOutcome['result'], id = 'edge-001', reason?: string): DeviceOutcome {
  return { device: idOf(id), hub, result, ...(reason === undefined ? {} : { reason }) };
}

export function listedOf(id: string, managed: boolean, owner?: Owner): ListedDevice {
  return { hub, managed, device: found({ id: idOf(id), twin: twinOf(owner) }) };
}

const bundle = { device: idOf('edge-001'), hub, directory: 'edge-001', artifact: 'iot-edge-edge-001' };

/** One report for each result, as a run makes it. */
export const everyResult: Readonly<Record<Result, Report>> = {
  valid: reportOf({ command: 'validate', result: 'valid', findings: [findingOf({ severity: 'warning' })] }),
  invalid: reportOf({
    command: 'apply',
    result: 'invalid',
    findings: [findingOf(), findingOf({ severity: 'warning' }), findingOf({ severity: 'warning' })],
    changes: [changeOf('create', 'new'), changeOf('blocked', 'cut-off')],
  }),
  unchanged: reportOf({ result: 'unchanged', changes: [changeOf('unchanged')] }),
  changes: reportOf({
    result: 'changes',
    changes: [changeOf('create', 'a'), changeOf('update', 'b'), changeOf('update', 'c'), changeOf('unchanged', 'd')],
  }),
  changed: reportOf({
    command: 'apply',
    result: 'changed',
    changes: [changeOf('create', 'a'), changeOf('unchanged', 'b')],
    outcomes: [outcomeOf('created', 'a'), outcomeOf('unchanged', 'b')],
    bundles: [{ ...bundle, files: [{ name: 'config.yaml', text: 'secret: no\n' }] }],
    bundlesDirectory: '/srv/device-bundles',
  }),
  written: reportOf({
    command: 'apply',
    result: 'written',
    changes: [changeOf('unchanged', 'a')],
    outcomes: [outcomeOf('unchanged', 'a')],
    faults: [new Fault('no space left', 'Again.')],
  }),
  partial: reportOf({
    command: 'apply',
    result: 'partial',
    changes: [changeOf('update', 'a'), changeOf('update', 'b'), changeOf('create', 'c')],
    outcomes: [outcomeOf('updated', 'a'), outcomeOf('failed', 'b', 'refused'), outcomeOf('unknown', 'c', 'no answer')],
  }),
  failed: reportOf({
    command: 'apply',
    result: 'failed',
    changes: [changeOf('create', 'a')],
    outcomes: [outcomeOf('failed', 'a', 'refused')],
    faults: [new Fault('no hub', 'Again.')],
  }),
  rendered: reportOf({
    command: 'render',
    result: 'rendered',
    bundles: [{ ...bundle, hub: undefined, files: [] }],
    bundlesDirectory: '/srv/device-bundles',
  }),
  'in-sync': reportOf({ command: 'verify', result: 'in-sync', changes: [changeOf('unchanged')] }),
  drift: reportOf({
    command: 'verify',
    result: 'drift',
    changes: [changeOf('unchanged', 'a'), changeOf('update', 'b'), changeOf('conflict', 'c')],
  }),
  listed: reportOf({
    command: 'list',
    result: 'listed',
    listed: [listedOf('edge-001', true), listedOf('stranger', false)],
  }),
};
