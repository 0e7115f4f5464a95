import { everything, Finder, isShown, rowsOfPage } from './choose.ts';
import { type Content, el } from './element.ts';
import { columnsOf, deviceRow, headRow } from './table.ts';
import type { LeftOut, View } from './view.ts';
import { words } from './words.ts';

/** The table of devices, as it is before the script runs. */
export function fleetPart(view: View): Content {
  const { left, devices } = view;
  const shown = columnsOf(view);
  const rows = new Finder(view).find(everything);
  const first = rows.slice(0, rowsOfPage);
  if (devices.length + left.same + left.devices === 0) return undefined;
  return [
    el('form', { id: 'controls', role: 'search', hidden: true }, controls(view)),
    el('p', { id: 'count', role: 'status' }, words.count(rows.length, devices.length, 0, first.length)),
    el(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.tableCaption },
      el(
        'table',
        { id: 'table' },
        el('caption', { class: 'unseen' }, words.tableCaption),
        el('thead', {}, headRow(shown)),
        el(
          'tbody',
          {},
          first.map((device) => deviceRow(device, shown, view)),
        ),
      ),
    ),
    el('nav', { id: 'pages', hidden: true, 'aria-label': words.pages }),
    el('noscript', {}, el('p', { class: 'quiet' }, words.noScript)),
    leftLines(left),
  ];
}

function controls(view: View): Content {
  const hubs = [...new Set(view.devices.map(({ hub }) => hub))];
  const options = (pairs: readonly (readonly [value: string, text: string])[]) =>
    pairs.map(([value, text]) => el('option', { value }, text));
  const shows = (['all', 'attention', 'changed', 'same', 'findings', 'ending'] as const).filter(
    (show) => show === 'all' || view.devices.some((device) => isShown(device, show, view)),
  );
  return [
    el(
      'label',
      {},
      el('span', {}, words.search),
      el('input', {
        type: 'search',
        name: 'q',
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: words.searchHint,
      }),
    ),
    el(
      'label',
      {},
      el('span', {}, words.show),
      el('select', { name: 'show' }, options(shows.map((show) => [show, words.shows[show]]))),
    ),
    hubs.length < 2
      ? undefined
      : el(
          'label',
          {},
          el('span', {}, words.hub),
          el('select', { name: 'hub' }, options([['', words.allHubs], ...hubs.map((hub) => [hub, hub] as const)])),
        ),
    el('button', { type: 'button', id: 'clear', hidden: true }),
  ];
}

function leftLines({ same, devices, configurations }: LeftOut): Content {
  return [
    leftLine(same, words.leftSame),
    leftLine(devices, words.leftDevices),
    leftLine(configurations, words.leftConfigurations),
  ];
}

/** Says how many had no room. */
export function leftLine(left: number, text: (left: number) => string): Content {
  return left === 0 ? undefined : el('p', {}, text(left));
}
