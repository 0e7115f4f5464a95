import { expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import { progressText } from '../../src/apply/progress-texts.ts';
import type { Reason } from '../../src/model/plan.ts';

// Here stand the texts themselves. All other tests name them and give their details.

const fields: readonly Reason[] = [
  { field: 'status', before: 'enabled', after: 'disabled' },
  { field: 'statusReason', before: null, after: 'stolen' },
];

it('every reason of an outcome reads as it should', () => {
  const texts: Readonly<Record<keyof typeof outcomeReason, readonly [said: string, expected: string]>> = {
    alreadySo: [outcomeReason.alreadySo(), 'already so when it was to be written'],
    deleted: [outcomeReason.deleted(), 'the device was deleted from the hub after it was planned'],
    changedSincePlanned: [
      outcomeReason.changedSincePlanned({ moved: fields }),
      'changed in the hub after it was planned, nothing was written: status enabled → disabled, statusReason (none) → stolen. Plan again.',
    ],
    changedWhileUnanswered: [
      outcomeReason.changedWhileUnanswered({ left: fields }),
      'sent and not answered, and changed by somebody else before or after; still to change: status enabled → disabled, statusReason (none) → stolen. Plan again.',
    ],
    changedBeforeRemoval: [
      outcomeReason.changedBeforeRemoval({ moved: fields }),
      'somebody changed the device since it was planned: status enabled → disabled, statusReason (none) → stolen. Plan again.',
    ],
    notOurs: [outcomeReason.notOurs({ owner: 'contoso/other' }), 'it stays: it belongs to contoso/other now'],
    idTaken: [
      outcomeReason.idTaken({ left: fields }),
      'the hub has a device of this id that the plan did not know: status enabled → disabled, statusReason (none) → stolen. Plan again.',
    ],
    noAnswer: [outcomeReason.noAnswer(), 'the hub gave no answer for this device'],
    answerLost: [outcomeReason.answerLost(), 'the answer was lost'],
    stoppedBeforeAnswer: [outcomeReason.stoppedBeforeAnswer(), 'the run was stopped before the hub answered'],
    notReadBack: [
      outcomeReason.notReadBack({ why: '503', reading: 'ECONNRESET' }),
      '503; and it could not be read back: ECONNRESET',
    ],
    notCarriedOut: [outcomeReason.notCarriedOut({ why: '503' }), '503; read back, the hub had not carried it out'],
    notAsWanted: [
      outcomeReason.notAsWanted({ why: '503', left: fields }),
      '503; read back, the hub has the device, but not as wanted: status enabled → disabled, statusReason (none) → stolen. Plan again.',
    ],
    givenUp: [outcomeReason.givenUp({ tries: 10, why: '429' }), 'given up after 10 tries: 429'],
    parentFailed: [outcomeReason.parentFailed({ parent: 'gw-1', why: '429' }), 'its parent "gw-1" failed: 429'],
    parentUnread: [
      outcomeReason.parentUnread({ parent: 'gw-1', why: '429' }),
      'its parent "gw-1" could not be read: 429',
    ],
    parentNotEdge: [
      outcomeReason.parentNotEdge({ parent: 'gw-1' }),
      'the hub shows no edge device "gw-1" to be its parent. Plan again.',
    ],
    parentWaits: [outcomeReason.parentWaits({ parent: 'gw-1' }), 'its parent "gw-1" waits for it'],
    twinUnread: [outcomeReason.twinUnread({ why: '503' }), 'its twin could not be read: 503'],
    tagsNotWritten: [
      [true, false].map((registered) => outcomeReason.tagsNotWritten({ registered, why: '503' })).join(' | '),
      'registered, but its tags are not as wanted: 503 | tags: 503',
    ],
  };
  for (const [said, expected] of Object.values(texts)) expect(said).toBe(expected);
});

it('every progress text reads as it should', () => {
  const hub = 'contoso.azure-devices.net';
  const bulks = { hub, operations: 1200, minutes: 12, perMinute: 100 };
  const s1 = { tier: 'S1', units: 1 } as const;
  const texts: Readonly<Record<keyof typeof progressText, readonly (readonly [said: string, expected: string])[]>> = {
    byImportJobs: [
      [progressText.byImportJobs({ hub, devices: 1200 }), `writing 1,200 devices to ${hub} by import jobs`],
    ],
    byBulks: [
      [
        progressText.byBulks(bulks),
        `writing 1,200 devices to ${hub}: 1,200 operations, at most about 12 minutes, since every hub takes 100 a minute, and most take more (hub-capacity tells)`,
      ],
      [
        progressText.byBulks({ ...bulks, minutes: 120, capacity: s1, importsFrom: 2000 }),
        `writing 1,200 devices to ${hub}: 1,200 operations, about 2.0 h at 100 a minute (S1x1); without an import job, which is used from 2,000 devices on`,
      ],
      [
        progressText.byBulks({ hub, operations: 1, minutes: 0.01, perMinute: 100, capacity: s1 }),
        `writing 1 device to ${hub}: 1 operation, less than a minute at 100 a minute (S1x1)`,
      ],
    ],
    takesLong: [
      [
        progressText.takesLong({ ...bulks, capacity: s1, timeLimit: 10 }),
        `${hub}: 1,200 devices take about 12 minutes, which does not fit the time limit of 10 minutes: this run does about 1,000, the next ones the rest. Quicker is a hub with more units (az iot hub update --name NAME --set sku.capacity=2), or an import job (import-container).`,
      ],
      [
        progressText.takesLong({ ...bulks, capacity: s1 }),
        `${hub}: 1,200 devices take about 12 minutes. Quicker is a hub with more units (az iot hub update --name NAME --set sku.capacity=2), or an import job (import-container).`,
      ],
    ],
    tooSlow: [
      [
        progressText.tooSlow({ hub, devices: 1200, perMinute: 90, minutes: 13.3, timeLimit: 1, inTime: 90 }),
        `${hub}: at 90 a minute, as it goes now, 1,200 devices take about 14 minutes, which does not fit the time limit of 1 minute: this run does about 90, the next ones the rest. Quicker is a hub with more units, or an import job (import-container).`,
      ],
    ],
    writingTags: [[progressText.writingTags({ hub, devices: 1 }), `writing tags of 1 device to ${hub}`]],
    readingBack: [[progressText.readingBack({ devices: 1200 }), 'reading what became of 1,200 devices']],
  };
  for (const [said, expected] of Object.values(texts).flat()) expect(said).toBe(expected);
});
