import { Fault } from '../../../src/model/fault.ts';
import type { Report } from '../../../src/model/report.ts';
import { others, twinOf } from '../../plan/devices.ts';
import { findingOf, reportOf } from '../reports.ts';
import { at, fleetOf } from './fleets.ts';

/** Texts that would do something where a page does not escape them. */
export const attacks: readonly string[] = [
  '<script>window.hacked = 1</script>',
  '</script><script>window.hacked = 1</script>',
  '"><img src=x onerror="window.hacked=1">',
  "' onmouseover='window.hacked=1",
  '<!--<script>',
  '</title></style><svg onload=window.hacked=1>',
  'javascript:window.hacked=1',
  '[a](javascript:window.hacked=1) **b** `c` | d',
  '\u202egnp.exe\u202c \u2066 \u200b \u0007 \ud800',
  '&lt;b onclick=1&gt;',
  `${'x'.repeat(10_000)}`,
  `${'<i>'.repeat(3_000)}`,
  `${'\n'.repeat(500)}`,
];

/** A fleet in which every text that a stranger can write is an attack. */
export function hostile(): Report {
  let index = 0;
  const text = () => attacks[index++ % attacks.length]!;
  const happens = (at: number) => (['create', 'staging', 'tags', 'blocked', 'tags'] as const)[at % 5];
  const { changes, fleet } = fleetOf({ count: 40, happens, text });
  const findings = attacks.flatMap((attack, at) => [
    findingOf({
      severity: 'error',
      message: attack,
      remedy: attack,
      device: fleet.devices[at]!.id,
      place: { file: `${attack}.yaml`, line: 1, column: 1 },
    }),
    findingOf({
      severity: 'warning',
      rule: 'certificate/is-ca',
      message: `${attack} again`,
      remedy: attack,
      device: "*?#$';",
    }),
  ]);
  const bundles = fleet.bundles.map((bundle) => ({
    ...bundle,
    directory: text(),
    files: [{ name: 'config.toml', text: attacks.join('\n') }],
  }));
  const foreign = changes.map((change) =>
    'found' in change ? { ...change, found: { ...change.found, twin: twinOf(others), statusReason: text() } } : change,
  );
  const configuration = attacks.map((attack) => ({ key: attack, before: attack, after: attack, devices: [attack] }));
  const faults = attacks.map((attack) => new Fault(attack, attack));
  return reportOf({
    command: 'plan',
    result: 'invalid',
    devices: 40,
    changes: foreign,
    fleet: { ...fleet, at, bundles },
    findings,
    configuration,
    faults,
  });
}
