import { certificatesOf, type DeviceView, endsSoon, firstEnd, type View } from './view.ts';

/** Which devices the table shows, and in which order. The part of the address behind `#` holds it, so a link keeps it. */
export interface Choice {
  /** What the reader searches for. A device has to have each word. */
  readonly search: string;
  readonly show: Show;
  readonly hub: string;
  /** Only devices with a certificate that ends in this month (`2027-03`). */
  readonly ends: string;
  /** Only devices with a finding of this rule. */
  readonly rule: string;
  readonly sort: SortKey | '';
  readonly down: boolean;
  /** Starts at 1. */
  readonly page: number;
  /** The device that is shown alone: `HUB/ID`. */
  readonly device: string;
}

export const shows = ['all', 'attention', 'changed', 'same', 'findings', 'ending'] as const;
export type Show = (typeof shows)[number];

export const sortKeys = [
  'id',
  'change',
  'status',
  'hub',
  'owner',
  'parent',
  'runtime',
  'primary',
  'secondary',
  'findings',
] as const;
export type SortKey = (typeof sortKeys)[number];

export const everything: Choice = {
  search: '',
  show: 'all',
  hub: '',
  ends: '',
  rule: '',
  sort: '',
  down: false,
  page: 1,
  device: '',
};

/** A page of the table has at most this number of rows. A browser takes a second for 10,000 of them, at each key that is pressed. */
export const rowsOfPage = 200;

/** Reads a choice from the part of the address behind `#`. What it does not know, it takes for not said. */
export function choiceOf(hash: string): Choice {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  const text = (name: string) => said.get(name) ?? '';
  const sort = text('sort');
  const page = Number(text('page'));
  return {
    search: text('q'),
    show: shows.find((show) => show === text('show')) ?? 'all',
    hub: text('hub'),
    ends: text('ends'),
    rule: text('rule'),
    sort: sortKeys.find((key) => key === sort.replace(/^-/, '')) ?? '',
    down: sort.startsWith('-'),
    page: Number.isSafeInteger(page) && page > 1 ? page : 1,
    device: text('device'),
  };
}

/** Writes a choice as the part of an address behind `#`. */
export function hashOf(choice: Partial<Choice>): string {
  const { search, show, hub, ends, rule, sort, down, page, device } = { ...everything, ...choice };
  const said = new URLSearchParams();
  const say = (name: string, value: string) => {
    if (value !== '') said.set(name, value);
  };
  say('q', search);
  say('show', show === 'all' ? '' : show);
  say('hub', hub);
  say('ends', ends);
  say('rule', rule);
  say('sort', sort === '' ? '' : `${down ? '-' : ''}${sort}`);
  say('page', page === 1 ? '' : String(page));
  say('device', device);
  return `#${said}`;
}

export function nameOf({ hub, id }: Pick<DeviceView, 'hub' | 'id'>): string {
  return `${hub}/${id}`;
}

/** Finds devices. It keeps the texts in which it searches, because to make them for 10,000 devices takes long. */
export class Finder {
  readonly #view: View;
  readonly #texts = new Map<DeviceView, string>();

  constructor(view: View) {
    this.#view = view;
  }

  /** Makes the texts before somebody searches. */
  prepare(): void {
    for (const device of this.#view.devices) this.#textOf(device);
  }

  /** The devices that a choice shows, on all of its pages. */
  find(choice: Choice): readonly DeviceView[] {
    const wanted = choice.search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const matching = this.#view.devices.filter((device) => {
      if (!isChosen(device, choice, this.#view)) return false;
      return wanted.length === 0 || wanted.every((word) => this.#textOf(device).includes(word));
    });
    return choice.sort === '' ? matching : sorted(matching, choice.sort, choice.down);
  }

  #textOf(device: DeviceView): string {
    const text = this.#texts.get(device) ?? searchedText(device, this.#view);
    this.#texts.set(device, text);
    return text;
  }
}

function searchedText(device: DeviceView, { findings }: View): string {
  const { id, hub, change, why, status, statusReason, owner, parent, runtime } = device;
  const certificates = certificatesOf(device).flatMap(({ thumbprint, file, issuer }) => [thumbprint, file, issuer]);
  const rules = device.findings.map((index) => findings[index]?.rule);
  const fields = device.fields.flatMap(({ name, before, after }) => [name, before, after]);
  const all = [
    id,
    hub,
    change,
    why,
    status,
    statusReason,
    owner,
    parent,
    runtime,
    ...certificates,
    ...rules,
    ...fields,
  ];
  return all
    .filter((text) => text !== undefined)
    .join('\n')
    .toLowerCase();
}

function isChosen(device: DeviceView, { show, hub, ends, rule }: Choice, view: View): boolean {
  if (!isShown(device, show, view)) return false;
  if (hub !== '' && device.hub !== hub) return false;
  if (ends !== '' && !certificatesOf(device).some(({ to }) => to?.startsWith(ends))) return false;
  return rule === '' || device.findings.some((index) => view.findings[index]?.rule === rule);
}

export function isShown(device: DeviceView, show: Show, view: View): boolean {
  switch (show) {
    case 'all':
      return true;
    case 'findings':
      return device.findings.length > 0;
    case 'ending':
      return endsSoon(firstEnd(device), view);
    default:
      return device.need === show;
  }
}

/** Devices that have nothing to sort by come last, in both directions. */
function sorted(devices: readonly DeviceView[], key: SortKey, down: boolean): readonly DeviceView[] {
  const keyed = devices.map((device) => ({ device, by: sortedBy[key](device) }));
  const direction = down ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.by === '' || b.by === '') return a.by === b.by ? 0 : a.by === '' ? 1 : -1;
    return direction * (a.by < b.by ? -1 : a.by > b.by ? 1 : 0);
  });
  return keyed.map(({ device }) => device);
}

const sortedBy: Readonly<Record<SortKey, (device: DeviceView) => string | number>> = {
  id: ({ id }) => id,
  change: ({ change }) => change,
  status: ({ status = '' }) => status,
  hub: ({ hub }) => hub,
  owner: ({ owner = '' }) => owner,
  parent: ({ parent = '' }) => parent,
  runtime: ({ runtime = '' }) => runtime,
  primary: ({ primary }) => primary?.to ?? '',
  secondary: ({ secondary }) => secondary?.to ?? '',
  findings: ({ findings }) => findings.length,
};
