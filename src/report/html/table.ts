import { number } from '../counts.ts';
import { ownerLabels } from '../owners.ts';
import { type Choice, hashOf, nameOf, type SortKey } from './choose.ts';
import { type Content, type Element, el } from './element.ts';
import { type CertificateView, type DeviceView, daysUntil, endsSoon, type View } from './view.ts';
import { words } from './words.ts';

export interface Column {
  readonly key: SortKey;
  readonly title: string;
  readonly cell: (device: DeviceView, view: View) => Content;
}

const columns: readonly Column[] = [
  { key: 'id', title: 'Device', cell: (device) => deviceLink(device) },
  { key: 'change', title: 'Change', cell: (device) => changeOf(device) },
  { key: 'findings', title: 'Findings', cell: (device, view) => findingCount(device, view) },
  { key: 'status', title: 'Status', cell: ({ status }) => status },
  { key: 'primary', title: 'Primary', cell: ({ primary }, view) => certificateCell(primary, view) },
  { key: 'secondary', title: 'Secondary', cell: ({ secondary }, view) => certificateCell(secondary, view) },
  { key: 'hub', title: 'Hub', cell: ({ hub }) => el('span', { title: hub }, hub.replace(/\..*/, '')) },
  { key: 'runtime', title: 'Runtime', cell: ({ runtime }) => runtime },
  { key: 'parent', title: 'Parent', cell: ({ parent }) => parent },
  { key: 'owner', title: 'Owner', cell: ({ owner }) => owner },
];

/** The columns that say anything of this fleet. */
export function columnsOf(view: View): readonly Column[] {
  const { devices } = view;
  const shown = columns.filter(({ key }) => {
    if (key === 'id') return true;
    if (key === 'hub') return devices.some(({ hub }) => hub !== devices[0]?.hub);
    if (key === 'owner') return devices.some(({ owner = ownerLabels.ours }) => owner !== ownerLabels.ours);
    if (key === 'findings') return devices.some(({ findings }) => findings.length > 0);
    return devices.some((device) => (device[key] ?? '') !== '');
  });
  return shown.map((column) =>
    column.key === 'change' ? { ...column, title: words.changeTitle[view.phase] } : column,
  );
}

/** The head of the table. With a choice its titles are buttons that sort. */
export function headRow(shown: readonly Column[], choice?: Choice): Element {
  return el(
    'tr',
    {},
    shown.map(({ key, title }) => {
      if (choice === undefined) return el('th', { scope: 'col', class: `c-${key}` }, title);
      const isSorted = choice.sort === key;
      const sort = isSorted ? (choice.down ? 'descending' : 'ascending') : 'none';
      const arrow = el('span', { 'aria-hidden': 'true', class: 'arrow' }, isSorted ? (choice.down ? '↓' : '↑') : '↕');
      const button = el('button', { type: 'button', 'data-sort': key }, title, arrow);
      return el('th', { scope: 'col', class: `c-${key}`, 'aria-sort': sort }, button);
    }),
  );
}

export function deviceRow(device: DeviceView, shown: readonly Column[], view: View): Element {
  return el(
    'tr',
    { class: device.need },
    shown.map(({ key, cell }) =>
      key === 'id'
        ? el('th', { scope: 'row', class: 'c-id' }, cell(device, view))
        : el('td', { class: `c-${key}` }, cell(device, view)),
    ),
  );
}

export function deviceLink(device: Pick<DeviceView, 'hub' | 'id'>): Element {
  return el(
    'a',
    { href: hashOf({ device: nameOf(device) }), title: device.id.length > 28 ? device.id : undefined },
    device.id,
  );
}

/** What happens to a device: its sign and its word. */
export function changeOf({ sign, change, need }: DeviceView): Content {
  if (sign === undefined) return el('span', { class: 'quiet' }, change);
  return el(
    'span',
    { class: `sign ${need}` },
    el('span', { 'aria-hidden': 'true' }, `${sign} `),
    change === '' ? words.errors : change,
  );
}

function findingCount({ findings }: DeviceView, view: View): Content {
  if (findings.length === 0) return undefined;
  const isError = findings.some((index) => view.findings[index]?.severity === 'error');
  return el('span', isError ? { class: 'alarm' } : {}, number(findings.length));
}

/** The day on which a certificate ends, and its thumbprint. One that ends soon says how soon. */
function certificateCell(certificate: CertificateView | undefined, view: View): Content {
  if (certificate === undefined) return undefined;
  const { to } = certificate;
  const soon = to !== undefined && endsSoon(to, view);
  return [
    to === undefined ? undefined : [el('time', { datetime: to, class: 'end' }, to.slice(0, 10)), ' '],
    thumbprint(certificate.thumbprint),
    soon ? el('span', { class: 'alarm soon' }, words.until(daysUntil(to, view))) : undefined,
  ];
}

/** The beginning of a thumbprint, and a button that copies the whole. The script shows the button. */
function thumbprint(whole: string): Content {
  return [
    el('code', { title: whole }, `${whole.slice(0, 8)}…`),
    ' ',
    el(
      'button',
      { type: 'button', class: 'copy', 'data-copy': whole, 'aria-label': `${words.copy} ${whole}` },
      words.copy,
    ),
  ];
}
