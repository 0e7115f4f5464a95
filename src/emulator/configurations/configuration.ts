import type { Content } from './content.ts';

/** An automatic deployment to edge devices, or a configuration of devices or modules. It is replaced, never changed in place. */
export interface Configuration {
  readonly id: string;
  /** .NET ticks of its creation. Of two with the same priority the later one wins. */
  readonly generationId: string;
  /** The counter behind the etag. It begins at 1 (recorded). */
  readonly version: number;
  readonly schemaVersion: string | null;
  readonly labels: Texts | null;
  readonly content: Content;
  /** Empty: it targets nothing. */
  readonly targetCondition: string;
  /** ISO time. */
  readonly lastUpdatedTimeUtc: string;
  readonly priority: number;
  /** The custom metrics: a name and a query. */
  readonly queries: Texts;
}

export type Texts = Readonly<Record<string, string>>;

/** What a client wants a configuration to be. */
export type WantedConfiguration = Omit<Configuration, 'generationId' | 'version' | 'lastUpdatedTimeUtc'>;

/** The numbers that the hub has counted: by the system's queries, and by the custom ones. Undefined until it has evaluated. */
export interface Results {
  readonly system: Readonly<Record<string, number>>;
  readonly custom: Readonly<Record<string, number>>;
}

/** The etag without quotes: the counter in base64 (recorded). */
export function configurationEtag({ version }: Configuration): string {
  return Buffer.from(String(version)).toString('base64');
}
