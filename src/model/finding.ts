/** The weight of a finding: an `error` stops every write, a `warning` only with `fail-on: warning`. */
export type Severity = 'error' | 'warning' | 'notice';

/** A place in a text file. Line and column start at 1; the file is relative to the workspace, with `/`. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a finding is about: a place, its devices and a hub, where they are known. */
export interface Subject {
  readonly place?: Place | undefined;
  /** The device, if it is about exactly one. */
  readonly device?: string | undefined;
  /** All devices, if it is about several. */
  readonly devices?: readonly string[] | undefined;
  readonly hub?: string | undefined;
}

/** A fault of the user's files, as a person reads it: what was found, what was expected, what to type. */
export interface Finding extends Subject {
  /** The name of a row in src/rules: `certificate/cn-mismatch`. */
  readonly rule: string;
  readonly severity: Severity;
  /** It is told only if the workflow gives its rule a severity. */
  readonly initially?: 'off';
  readonly message: string;
  readonly remedy: string;
  /** The files that commands of the remedy name, relative to the workspace. */
  readonly commandFiles?: readonly string[];
  /** What each device's own finding says, if the message quotes only the first of them. */
  readonly each?: readonly OfDevice[];
  /** Where each device stands, if they stand at several places. `place` is the first of them. */
  readonly places?: readonly PlaceOfDevice[];
}

export interface PlaceOfDevice {
  readonly device: string;
  readonly place: Place;
}

/** What a finding says about one of its devices. */
export interface OfDevice {
  readonly device: string;
  readonly message: string;
}

/** The ids of the devices that a finding is about. */
export function devicesOf({ device, devices }: Subject): readonly string[] {
  return devices ?? (device === undefined ? [] : [device]);
}

/** A finding or a group of them names these devices. One that is about exactly one device has it in `device`. */
export function naming(ids: readonly string[]): Pick<Subject, 'device' | 'devices'> {
  const [device, ...others] = ids;
  if (device === undefined) return {};
  return others.length === 0 ? { device } : { devices: ids };
}

/** What a stage returns: its value and its findings. */
export interface Judged<T> {
  readonly value: T;
  readonly findings: readonly Finding[];
}

/** The severities that the workflow gives to rules, by their names. The findings of a rule that is `off` are left out. */
export type RuleChanges = ReadonlyMap<string, Severity | 'off'>;

/** Returns the findings with the severities that the workflow gives to their rules. Done twice it changes nothing more. */
export function weighed(findings: readonly Finding[], changes: RuleChanges | undefined): readonly Finding[] {
  if (findings.length === 0) return findings;
  return findings.flatMap((finding) => {
    const { initially, ...told } = finding;
    const severity = changes?.get(finding.rule) ?? initially ?? finding.severity;
    return severity === 'off' ? [] : [{ ...told, severity }];
  });
}

/** Tells whether these findings stop the run at the given threshold (`fail-on`). */
export function failing(findings: readonly Finding[], failOn: 'error' | 'warning' = 'error'): boolean {
  return findings.some((f) => f.severity === 'error' || (failOn === 'warning' && f.severity === 'warning'));
}
