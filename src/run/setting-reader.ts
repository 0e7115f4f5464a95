import { asFault, Fault } from '../model/fault.ts';
import { type DeviceId, isDeviceId } from '../model/fleet.ts';
import { type HubName, readHubName } from '../model/hub-name.ts';
import { runFault } from './faults.ts';

/** The settings of a run as text, by the names of the inputs. An empty text counts as absent. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** All faults of the settings. They are reported together, so that one run shows all of them. */
export class WrongSettings extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ message }) => message).join('; '));
    this.name = 'WrongSettings';
    this.faults = faults;
  }
}

/** Turns any thrown value into faults: all faults of `WrongSettings`, or one fault. */
export function faultsIn(thrown: unknown): readonly Fault[] {
  return thrown instanceof WrongSettings ? thrown.faults : [asFault(thrown)];
}

const mostDays = 3650;
/** One week. No runner lives longer than 5 days. */
const mostMinutes = 10_080;

/**
 * Reads settings one by one and collects the faults. A wrong setting is read as its default, so that the others are read
 * too.
 */
export class SettingReader {
  readonly #settings: Settings;
  readonly #faults: Fault[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Gives back the value, or throws `WrongSettings` if a setting is wrong. */
  checked<Value>(value: Value): Value {
    if (this.#faults.length > 0) throw new WrongSettings(this.#faults);
    return value;
  }

  /** The faults of all settings that were read so far. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  refuse(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** Calls a reader that throws a `Fault` for a wrong text. Gives nothing if it does. */
  attempt<Value>(read: () => Value): Value | undefined {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      this.refuse(thrown);
      return undefined;
    }
  }

  /** The text as it is given, with the blanks around it. */
  raw(name: string): string | undefined {
    return this.#settings[name];
  }

  /** The text without the blanks around it. */
  text(name: string, fallback = ''): string {
    return this.raw(name)?.trim() || fallback;
  }

  /** The lines of a setting that holds one value a line. Blank lines are left out. */
  lines(name: string, fallback = ''): readonly string[] {
    return this.text(name, fallback)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  /** A setting that takes one of some words. The first is the default if no other is named. */
  word<Word extends string>(name: string, words: readonly [Word, ...Word[]], fallback: Word = words[0]): Word {
    const given = this.text(name, fallback);
    const found = words.find((candidate) => candidate === given);
    if (found === undefined) this.refuse(runFault('not-one-of', { name, given, words }));
    return found ?? fallback;
  }

  flag(name: string): boolean {
    return this.word(name, ['false', 'true']) === 'true';
  }

  /** A setting that takes `true`, `false`, or device ids, one a line. `yes` is no id but a mistake. */
  devices(name: string): boolean | ReadonlySet<DeviceId> {
    const lines = this.lines(name, 'false');
    const [first = ''] = lines;
    if (lines.length === 1 && (first === 'true' || first === 'false')) return first === 'true';
    const ids = lines.filter(isDeviceId).filter((id) => !/^(true|false|yes|no|on|off)$/i.test(id));
    if (ids.length === lines.length) return new Set(ids);
    this.refuse(runFault('not-devices', { name, given: lines.find((line) => !ids.some((id) => id === line)) ?? '' }));
    return false;
  }

  /** A setting in whole days, 0 to 3650. */
  days(name: string, fallback: number): number {
    const given = this.text(name, String(fallback));
    if (/^\d{1,4}$/.test(given) && Number(given) <= mostDays) return Number(given);
    this.refuse(runFault('not-days', { name, given, most: mostDays }));
    return fallback;
  }

  /** A setting in whole minutes, 1 to 10080. */
  minutes(name: string): number | undefined {
    const given = this.text(name);
    if (given === '') return undefined;
    if (/^\d{1,5}$/.test(given) && Number(given) >= 1 && Number(given) <= mostMinutes) return Number(given);
    this.refuse(runFault('not-minutes', { name, given, most: mostMinutes }));
    return undefined;
  }

  /** The host name of a hub; `given` is the setting, or one line of it. */
  hub(name: string, given: string): HubName | undefined {
    const read = readHubName(given.trim());
    if (read.kind === 'hub') return read;
    this.refuse(
      read.kind === 'no-domain'
        ? runFault('hub-without-domain', { name, given, meant: read.meant.hub })
        : runFault('not-a-hub', { name, given }),
    );
    return undefined;
  }
}
