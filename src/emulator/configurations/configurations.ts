import type { Births } from '../devices/birth.ts';
import { Refused } from '../wire/errors.ts';
import type { Configuration, WantedConfiguration } from './configuration.ts';
import { configurationEtag } from './configuration.ts';

/** The configurations of one hub, with the service's rules for changing them. */
export interface Configurations {
  /** Throws `Refused` ConfigurationNotFound. */
  get(id: string): Configuration;
  size(): number;
  /** Oldest first. */
  all(): readonly Configuration[];
  /** Throws `Refused` if it exists, or if the hub has as many as it may. */
  create(wanted: WantedConfiguration): Configuration;
  /**
   * Replaces all but the content, which stays as it is without a word (reported from a live hub). `etag` undefined: any
   * etag fits.
   */
  update(wanted: WantedConfiguration, etag: string | undefined): Configuration;
  remove(id: string, etag: string | undefined): void;
  clear(): void;
}

export interface ConfigurationsOptions {
  readonly births: Births;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How many a hub may have: 100, or 10 if it is a free one. */
  readonly most: number;
  readonly stored: readonly Configuration[];
  /** Stores them for the next run. */
  readonly keep: (configurations: readonly Configuration[]) => void;
  /** Called with every change (`undefined`: it was removed). */
  readonly changed: (id: string, configuration: Configuration | undefined) => void;
}

export function createConfigurations(options: ConfigurationsOptions): Configurations {
  const { births, clock, most } = options;
  const live = new Map(options.stored.map((configuration) => [configuration.id, configuration]));

  function change(id: string, configuration: Configuration | undefined): void {
    if (configuration === undefined) live.delete(id);
    else live.set(id, configuration);
    options.keep([...live.values()]);
    options.changed(id, configuration);
  }

  function get(id: string): Configuration {
    const configuration = live.get(id);
    if (configuration === undefined) throw new Refused('ConfigurationNotFound', id);
    return configuration;
  }

  return {
    get,
    size: () => live.size,
    all: () => [...live.values()],
    create(wanted) {
      if (live.has(wanted.id)) {
        throw new Refused('ConfigurationAlreadyExists', `A configuration with ID '${wanted.id}' already exists.`);
      }
      if (live.size >= most) {
        throw new Refused(
          'ConfigurationCountLimitExceeded',
          `The hub has ${most} configurations, which is the most it can have.`,
        );
      }
      const lastUpdatedTimeUtc = new Date(clock()).toISOString();
      const created = { ...wanted, generationId: births.next().generationId, version: 1, lastUpdatedTimeUtc };
      change(wanted.id, created);
      return created;
    },
    update(wanted, etag) {
      const current = get(wanted.id);
      requireConfigurationEtag(current, etag);
      const updated = {
        ...current,
        ...wanted,
        content: current.content,
        version: current.version + 1,
        lastUpdatedTimeUtc: new Date(clock()).toISOString(),
      };
      change(wanted.id, updated);
      return updated;
    },
    remove(id, etag) {
      requireConfigurationEtag(get(id), etag);
      change(id, undefined);
    },
    clear() {
      for (const id of [...live.keys()]) change(id, undefined);
    },
  };
}

function requireConfigurationEtag(current: Configuration, etag: string | undefined): void {
  if (etag === undefined || etag === configurationEtag(current)) return;
  throw new Refused('PreconditionFailed', `ETag mismatch for configuration ID '${current.id}'`);
}
