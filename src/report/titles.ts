import type { Severity } from '../model/finding.ts';
import type { Phase } from './phase.ts';

/** What is said about devices, in the order in which it is said. All but the last need a person. */
export const deviceTopics = ['failed', 'unknown', 'blocked', 'foreign', 'removed', 'claimed', 'changed'] as const;
export type DeviceTopic = (typeof deviceTopics)[number];

/** The titles of parts about devices. No title says that something happened that did not happen. */
export const deviceTitles: Readonly<Record<DeviceTopic, Readonly<Record<Phase, string>>>> = {
  failed: same('Failed'),
  unknown: same('Unknown'),
  blocked: same('Blocked'),
  foreign: same('Foreign'),
  removed: { planned: 'To remove', done: 'Removed', refused: 'Not removed', found: 'No longer declared' },
  claimed: { planned: 'To claim', done: 'Claimed', refused: 'Not claimed', found: 'To claim' },
  changed: {
    planned: 'Changes to make',
    done: 'Changes made',
    refused: 'Changes not made',
    found: 'Differences',
  },
};

/** `To remove in contoso.azure-devices.net`. `hub` is absent if it is about several. */
export function deviceTitle(topic: DeviceTopic, phase: Phase, hub: string | undefined): string {
  const where = hub === undefined ? '' : ` in ${hub}`;
  const direction = topic === 'changed' && phase === 'found' ? ', hub → manifest' : '';
  return `${deviceTitles[topic][phase]}${where}${direction}`;
}

function same(title: string): Readonly<Record<Phase, string>> {
  return { planned: title, done: title, refused: title, found: title };
}

/** The titles of the other parts. */
export const titles = {
  faults: 'Faults',
  findings: { error: 'Errors', warning: 'Warnings', notice: 'Notices' } as const satisfies Record<Severity, string>,
  configuration: 'Configuration that changes',
  listed: 'Devices',
} as const;
