import type { Reason } from '../model/plan.ts';
import { describeReasons } from '../model/reasons.ts';

/** Fields that differ; the texts show them with their values before and after. */
type Fields = readonly Reason[];

/**
 * The texts of `DeviceOutcome.reason`: why a device was not written, or is not as wanted. `why` is text from elsewhere:
 * the hub's answer, the message of a fault, or another reason.
 */
export const outcomeReason = {
  alreadySo: () => 'already so when it was to be written',
  deleted: () => 'the device was deleted from the hub after it was planned',
  changedSincePlanned: ({ moved }: { moved: Fields }) =>
    `changed in the hub after it was planned, nothing was written: ${describeReasons(moved)}. Plan again.`,
  changedWhileUnanswered: ({ left }: { left: Fields }) =>
    `sent and not answered, and changed by somebody else before or after; still to change: ${describeReasons(left)}. Plan again.`,
  changedBeforeRemoval: ({ moved }: { moved: Fields }) =>
    `somebody changed the device since it was planned: ${describeReasons(moved)}. Plan again.`,
  notOurs: ({ owner }: { owner: string | undefined }) =>
    `it stays: ${owner === undefined ? 'it no longer bears our mark' : `it belongs to ${owner} now`}`,
  idTaken: ({ left }: { left: Fields }) =>
    `the hub has a device of this id that the plan did not know: ${describeReasons(left)}. Plan again.`,

  noAnswer: () => 'the hub gave no answer for this device',
  answerLost: () => 'the answer was lost',
  stoppedBeforeAnswer: () => 'the run was stopped before the hub answered',
  notReadBack: ({ why, reading }: { why: string; reading: string }) =>
    `${why}; and it could not be read back: ${reading}`,
  notCarriedOut: ({ why }: { why: string }) => `${why}; read back, the hub had not carried it out`,
  notAsWanted: ({ why, left }: { why: string; left: Fields }) =>
    `${why}; read back, the hub has the device, but not as wanted: ${describeReasons(left)}. Plan again.`,
  givenUp: ({ tries, why }: { tries: number; why: string }) => `given up after ${tries} tries: ${why}`,

  parentFailed: ({ parent, why }: { parent: string; why: string }) => `its parent "${parent}" failed: ${why}`,
  parentUnread: ({ parent, why }: { parent: string; why: string }) =>
    `its parent "${parent}" could not be read: ${why}`,
  parentNotEdge: ({ parent }: { parent: string }) =>
    `the hub shows no edge device "${parent}" to be its parent. Plan again.`,
  parentWaits: ({ parent }: { parent: string }) => `its parent "${parent}" waits for it`,

  twinUnread: ({ why }: { why: string }) => `its twin could not be read: ${why}`,
  tagsNotWritten: ({ registered, why }: { registered: boolean; why: string }) =>
    `${registered ? 'registered, but its tags are not as wanted' : 'tags'}: ${why}`,
};
