import type { HubHost } from './fleet.ts';

/** Receives what people who watch a run should know. */
export interface Progress {
  /** A new phase begins: `reading contoso.azure-devices.net`. */
  phase(name: string): void;
  /** Something that people should know before the run goes on. */
  warning(text: string): void;
  /** How far the writing to a hub has come. Called often. */
  written(writing: Writing): void;
}

/** How far the writing to one hub has come. */
export interface Writing {
  readonly hub: HubHost;
  /** Devices to register, change or remove. */
  readonly total: number;
  /** The devices of these that are finished, failed ones included. */
  readonly done: number;
  readonly failed: number;
  /** Registry operations so far. */
  readonly operations: number;
  /** Milliseconds since the writing began. */
  readonly elapsed: number;
}
