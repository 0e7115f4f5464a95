import { devicesOf, type Finding, type Place } from '../../model/finding.ts';
import type { Report } from '../../model/report.ts';
import { phaseOf } from '../phase.ts';
import { saidLines } from '../said.ts';
import { bySeverity } from '../severity.ts';
import { type Clean, cleaning } from './clean.ts';
import { Configurations } from './configurations.ts';
import { deviceView, foundIn, type Scopes } from './device-data.ts';
import { type DeviceSource, sourcesOf } from './sources.ts';
import type { DeviceView, FindingView, View } from './view.ts';

/** What a page needs beside the report. */
export interface PageContext {
  /** The version of this product. */
  readonly version: string;
  /** When the run began; used if the report does not know. */
  readonly now: Date;
  /** Masks the secrets of the settings. */
  readonly hide: (text: string) => string;
  /** Returns the web page of a line; absent if there is none. */
  readonly link?: ((place: Place) => string) | undefined;
  /** The web page of the run; absent if there is none. */
  readonly run?: string | undefined;
}

/** Fleets up to this size are shown in full. Of larger ones the page has the devices that change or need attention. */
const mostDevices = 10_000;

/** In characters of JSON. A page of more than 15 MB opens slowly. */
const mostOf = { devices: 9_000_000, findings: 1_500_000, configurations: 2_500_000 } as const;

/** Returns what the page shows of the fleet. */
export function viewOf(report: Report, context: PageContext): View {
  const clean = cleaning(context.hide);
  const { fleet } = report;
  const kept = fitting(bySeverity(report.findings), mostOf.findings, (finding) => findingView(finding, clean, context));
  const findings = findingsByDevice(kept.items);
  const configurations = new Configurations(clean, mostOf.configurations);
  const sources = sourcesOf(report);
  const scopes = scopesOf(sources);
  const shown = chosen(sources);
  const devices = fitting(shown, mostOf.devices, (source) => ({
    ...deviceView(source, report, scopes, clean),
    findings: findings.get(source.id) ?? [],
    configuration: source.need === 'same' ? undefined : configurations.of(source.bundle),
  }));
  return {
    at: (fleet?.at ?? context.now).toISOString(),
    warningDays: fleet?.expiryWarningDays ?? 30,
    phase: phaseOf(report),
    devices: devices.made,
    findings: kept.made,
    lines: configurations.lines,
    left: {
      same: sources.length - shown.length,
      devices: shown.length - devices.made.length,
      findings: report.findings.length - kept.made.length,
      configurations: configurations.left,
    },
  };
}

const order: Readonly<Record<DeviceView['need'], number>> = { attention: 0, changed: 1, same: 2 };

function chosen(sources: readonly DeviceSource[]): readonly DeviceSource[] {
  const shown = sources.length <= mostDevices ? sources : sources.filter(({ need }) => need !== 'same');
  return [...shown].sort((a, b) => order[a.need] - order[b.need]);
}

/** The first items whose values fit into `most` characters of JSON, and these values. */
function fitting<Item, Value>(
  items: readonly Item[],
  most: number,
  make: (item: Item) => Value,
): { readonly items: readonly Item[]; readonly made: readonly Value[] } {
  let left = most;
  const made: Value[] = [];
  for (const item of items) {
    const value = make(item);
    left -= JSON.stringify(value).length;
    if (left < 0) break;
    made.push(value);
  }
  return { items: items.slice(0, made.length), made };
}

function scopesOf(sources: readonly DeviceSource[]): Scopes {
  return new Map(
    sources.flatMap(({ id, change }) => {
      const scope = foundIn(change)?.deviceScope;
      return scope === undefined ? [] : [[scope, id] as const];
    }),
  );
}

/** Writes a finding for the page. */
export function findingView(finding: Finding, clean: Clean, { link }: Pick<PageContext, 'link'>): FindingView {
  const { rule, severity, remedy, place } = finding;
  return {
    rule,
    severity,
    lines: saidLines(finding).map((line) => clean(line, 1_500)),
    remedy: clean(remedy, 1_500),
    ...(place === undefined ? {} : { place: clean(`${place.file}:${place.line}`) }),
    ...(place === undefined || link === undefined ? {} : { link: link(place) }),
  };
}

/** The indexes of the findings about each device, by its id. A finding may not know the hub. */
function findingsByDevice(findings: readonly Finding[]): ReadonlyMap<string, readonly number[]> {
  const all = new Map<string, number[]>();
  for (const [index, finding] of findings.entries()) {
    for (const id of new Set(devicesOf(finding))) {
      const own = all.get(id);
      if (own === undefined) all.set(id, [index]);
      else own.push(index);
    }
  }
  return all;
}
