import type { DeviceId, HubHost } from './fleet.ts';
import type { Identity } from './identity.ts';
import type { RegisteredDevice, Registration } from './registration.ts';

export type FieldName =
  | 'authentication'
  | 'edge'
  | 'primaryThumbprint'
  | 'secondaryThumbprint'
  | 'status'
  | 'statusReason';

/** Why a device is to be changed: one field, as the hub has it and as the manifest wants it. */
export interface Reason {
  readonly field: FieldName;
  readonly before: string | null;
  readonly after: string | null;
  /** What a person should know about it: `same certificate, other digest`. */
  readonly note?: string;
}

interface ChangeOf {
  readonly id: DeviceId;
  readonly hub: HubHost;
  readonly identity: Identity;
}

/**
 * What has to happen to one device.
 * `conflict`: the hub's device is not ours to take (`plan/foreign`); `blocked`: the change would cut it off (`plan/lockout`).
 */
export type Change =
  | (ChangeOf & { readonly kind: 'create'; readonly registration: Registration })
  | (ChangeOf & {
      readonly kind: 'update';
      readonly registration: Registration;
      readonly found: RegisteredDevice;
      readonly reasons: readonly Reason[];
    })
  | (ChangeOf & { readonly kind: 'unchanged'; readonly found: RegisteredDevice })
  | (ChangeOf & {
      readonly kind: 'conflict' | 'blocked';
      readonly found: RegisteredDevice;
      readonly reasons: readonly Reason[];
    });

export type ChangeKind = Change['kind'];

/**
 * What became of one device. `failed`: what we wanted is certainly not in effect. `unknown`: sent and never answered, and
 * what the hub shows does not tell either.
 */
export interface DeviceOutcome {
  readonly device: DeviceId;
  readonly hub: HubHost;
  readonly result: 'created' | 'updated' | 'unchanged' | 'failed' | 'unknown';
  readonly reason?: string;
}
