import type { HubHost } from './fleet.ts';

/** Receives the messages for people who watch a run. */
export interface Progress {
  /** Tells that a new phase begins: `reading contoso.azure-devices.net`. */
  phase(name: string): void;
  /** Tells that the run waits for an answer: `no answer from contoso.azure-devices.net for 60 s, try 2 of 5`. */
  waiting(text: string): void;
  /** Tells something that people should know before the run goes on. */
  warning(text: string): void;
  /** Tells how far long work on this machine is. Called often: nothing is shown in the first second, and little afterwards. */
  counted?(what: string, done: number, total: number): void;
  /** Tells the progress of writing to a hub. Called often. */
  written(writing: Writing): void;
}

/** The progress of writing to one hub. */
export interface Writing {
  readonly hub: HubHost;
  /** Devices to register, change or remove. */
  readonly total: number;
  /** Finished devices, failed ones included. */
  readonly done: number;
  readonly failed: number;
  /** Registry operations so far. */
  readonly operations: number;
  /** Milliseconds since the writing began. */
  readonly elapsed: number;
}
