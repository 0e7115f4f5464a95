import type { Severity } from '../../model/finding.ts';
import type { Slot } from '../../model/fleet.ts';
import type { Sign } from '../device-groups.ts';
import type { Phase } from '../phase.ts';

/**
 * What report.html shows of the fleet. The page and its script read the same value, which stands in the page as JSON. Its texts hold no
 * secret and no hidden character, and each has a bounded length.
 */
export interface View {
  /** When the run looked, in ISO 8601. */
  readonly at: string;
  readonly warningDays: number;
  readonly phase: Phase;
  /** Those that need attention come first, then those that change, then the others. */
  readonly devices: readonly DeviceView[];
  readonly findings: readonly FindingView[];
  /** The lines of all configurations, each once. */
  readonly lines: readonly string[];
  readonly left: LeftOut;
}

/** What the page has no room for. */
export interface LeftOut {
  /** Devices to which nothing happens. */
  readonly same: number;
  readonly devices: number;
  readonly findings: number;
  readonly configurations: number;
}

/** `attention`: a person has to look at it; `changed`: it changes, or was changed; `same`: nothing happens to it. */
export type Need = 'attention' | 'changed' | 'same';

export interface DeviceView {
  readonly id: string;
  readonly hub: string;
  readonly need: Need;
  readonly sign?: Sign | undefined;
  /** `to create` */
  readonly change: string;
  /** What happens, or why it failed. */
  readonly why?: string | undefined;
  readonly fields: readonly FieldView[];
  readonly status?: string | undefined;
  readonly statusReason?: string | undefined;
  readonly owner?: string | undefined;
  readonly parent?: string | undefined;
  /** `1.6 debian` */
  readonly runtime?: string | undefined;
  readonly primary?: CertificateView | undefined;
  readonly secondary?: CertificateView | undefined;
  /** The slot whose certificate the device uses. */
  readonly uses?: Slot | undefined;
  /** Indexes of findings. */
  readonly findings: readonly number[];
  /** The folder of its bundle, or the artifact. */
  readonly bundle?: string | undefined;
  readonly configuration?: ConfigurationView | undefined;
}

/** One field of a change. A value is absent if there is none. */
export interface FieldView {
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly note?: string | undefined;
}

export interface CertificateView {
  readonly thumbprint: string;
  /** The rest is absent if the manifest names the thumbprint alone. Times are in ISO 8601, to the minute. */
  readonly file?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly key?: string | undefined;
  readonly issuer?: string | undefined;
}

export interface ConfigurationView {
  /** `config.toml` */
  readonly file: string;
  /** Indexes of lines. */
  readonly lines: readonly number[];
}

export interface FindingView {
  readonly rule: string;
  readonly severity: Severity;
  readonly lines: readonly string[];
  readonly remedy: string;
  /** `devices.yaml:12` */
  readonly place?: string | undefined;
  /** The web page of the place. */
  readonly link?: string | undefined;
}

/** The certificates of a device, primary first. */
export function certificatesOf({ primary, secondary }: DeviceView): readonly CertificateView[] {
  return [primary, secondary].filter((certificate) => certificate !== undefined);
}

/** When the first certificate of a device ends. Undefined if no end is known. */
export function firstEnd(device: DeviceView): string | undefined {
  const ends = certificatesOf(device).flatMap(({ to }) => to ?? []);
  return ends.sort()[0];
}

/** In how many days a time comes, seen from the report; negative if it is over. */
export function daysUntil(time: string, { at }: Pick<View, 'at'>): number {
  return Math.floor((Date.parse(time) - Date.parse(at)) / 86_400_000);
}

/** Whether a certificate ends within the time that the workflow warns of, or has ended. */
export function endsSoon(time: string | undefined, view: Pick<View, 'at' | 'warningDays'>): boolean {
  return time !== undefined && daysUntil(time, view) < view.warningDays;
}
