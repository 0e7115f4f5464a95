import { rule } from './rule.ts';
import { newVersions, nobody, oldVersions } from './sources.ts';

/** A value that the runtime does not take, although its type is right. */
export type RefusedValue = { readonly key: string } & (
  | { readonly problem: 'no-duration' | 'no-whole-days' | 'no-time'; readonly found: string }
  | { readonly problem: 'lifetime-zero' }
  | { readonly problem: 'lifetime-too-long'; readonly found: number }
);

function expectedOf(value: RefusedValue): string {
  return expectations[value.problem];
}

const expectations = {
  'no-duration': 'a duration such as 7d, 12h or "1d 12h"',
  'no-whole-days': 'whole days, such as 1d or 48h',
  'no-time': 'a time such as "03:00"',
  'lifetime-zero': '1 day or more',
  'lifetime-too-long': 'at most 65535 days',
} as const;

function foundOf(value: RefusedValue): string {
  if (value.problem === 'lifetime-zero') return '0, with which aziot-certd does not start';
  return JSON.stringify(value.found);
}

export const refusedValueRules = {
  'config/refused-value': rule<RefusedValue & { readonly version: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.4 to 1.6',
        when: 'config apply',
        source:
          'image_garbage_collection: edgelet-settings/src/base/image.rs of Azure/iotedge; iotedge config apply of 1.5.44 and 1.6.1 refused such values',
      },
      {
        who: 'runtime',
        versions: newVersions,
        when: 'start',
        source: 'a lifetime of 0 days: applied by 1.3.0, 1.5.44 and 1.6.1, and not read by aziot-certd',
      },
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source: 'a lifetime over 65535 days: refused by Settings::new of 1.0.10.4 and 1.1.15',
      },
    ],
    adjustable: 'warning',
    about:
      'The runtime refuses the value: a duration that it cannot read, an interval that is not in whole days, or a certificate lifetime of 0 days.',
    message: (value) =>
      `${value.key}: expected ${expectedOf(value)}, found ${foundOf(value)} (runtime ${value.version})`,
    remedy: (value) => `Write ${expectedOf(value)}, or remove the key.`,
    example: {
      key: 'config.imageGarbageCollection.cleanupRecurrence',
      problem: 'no-whole-days',
      found: '36h',
      version: '1.5',
    },
  }),
  'config/edge-ca-of-no-days': rule<{ key: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The certificate that the runtime creates for its modules has a lifetime of 0 days. IoT Edge up to 1.1 accepts this, and modules get certificates that have already ended.',
    message: ({ key }) => `${key} is 0: modules would get certificates that are no longer valid`,
    remedy: ({ key }) => `Write the number of days, such as 90, or remove ${key}.`,
    example: { key: 'config.edgeCa.lifetimeDays' },
  }),
};
