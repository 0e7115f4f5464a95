import { scaleLinear, scaleUtc } from 'd3-scale';
import { stack, stackOffsetDiverging } from 'd3-shape';
import { number } from '../counts.ts';
import { hashOf } from './choose.ts';
import { type Content, type Element, el } from './element.ts';
import type { View } from './view.ts';
import { words } from './words.ts';

const months = 24;
const width = 960;
const height = 250;
const edge = { left: 44, right: 8, top: 26, bottom: 26 };

/** How many certificates end in one month, by their slots. */
interface Month {
  /** `2027-03` */
  readonly name: string;
  readonly start: Date;
  readonly end: Date;
  readonly primary: number;
  readonly secondary: number;
}

/** When the certificates of the fleet end: two years, month by month. Primary ones stand above the line, secondary ones below. */
export function timelineOf(view: View): Content {
  const ends = endsOf(view);
  if (ends.all === 0) return undefined;
  const others = [
    ends.over > 0 ? el('strong', { class: 'alarm' }, words.over(ends.over)) : undefined,
    ends.later > 0 ? words.later(ends.later, monthName(lastMonth(ends.months))) : undefined,
    ends.unknown > 0 ? words.unknownEnds(ends.unknown) : undefined,
  ].filter((text) => text !== undefined);
  return el(
    'figure',
    {},
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.timeline }, chart(ends.months, view)),
    el(
      'figcaption',
      {},
      el('span', { class: 'key primary', 'aria-hidden': 'true' }),
      ` ${words.above} `,
      el('span', { class: 'key secondary', 'aria-hidden': 'true' }),
      ` ${words.below} `,
      el('span', { class: 'key window', 'aria-hidden': 'true' }),
      ` ${words.window(view.warningDays)}`,
      others.map((text) => [el('br'), text]),
    ),
  );
}

function chart(all: readonly Month[], view: View): Element {
  const first = all[0]?.start ?? new Date(view.at);
  const x = scaleUtc([first, lastMonth(all).end], [edge.left, width - edge.right]);
  const most = Math.max(1, ...all.flatMap(({ primary, secondary }) => [primary, secondary]));
  const y = scaleLinear([-most, most], [height - edge.bottom, edge.top]);
  const slots = ['primary', 'secondary'] as const;
  const series = stack<Month, (typeof slots)[number]>()
    .keys(slots)
    .value((month, slot) => (slot === 'primary' ? month.primary : -month.secondary))
    .offset(stackOffsetDiverging)([...all]);
  const now = new Date(view.at);
  const warned = new Date(now.getTime() + view.warningDays * 86_400_000);
  const windowEnd = Math.min(x(warned), width - edge.right);
  return el(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': words.timelineLabel(months) },
    el('rect', {
      class: 'window',
      x: round(x(now)),
      y: edge.top,
      width: round(Math.max(0, windowEnd - x(now))),
      height: height - edge.top - edge.bottom,
    }),
    el('rect', {
      class: 'warned',
      x: round(x(now)),
      y: height - edge.bottom,
      width: round(Math.max(0, windowEnd - x(now))),
      height: 4,
    }),
    el('line', { class: 'now', x1: round(x(now)), x2: round(x(now)), y1: edge.top - 8, y2: height - edge.bottom }),
    el('text', { x: round(x(now)), y: edge.top - 12, 'text-anchor': 'start' }, words.now),
    y
      .ticks(4)
      .filter(Number.isInteger)
      .map((tick) => [
        el('line', {
          class: tick === 0 ? 'axis' : 'grid',
          x1: edge.left,
          x2: width - edge.right,
          y1: round(y(tick)),
          y2: round(y(tick)),
        }),
        el('text', { x: edge.left - 8, y: round(y(tick) + 4), 'text-anchor': 'end' }, number(Math.abs(tick))),
      ]),
    all.map((month, index) => {
      const bars = series.flatMap((slot) => {
        const [from = 0, to = 0] = slot[index] ?? [];
        const [top, bottom] = [y(Math.max(from, to)), y(Math.min(from, to))];
        return top === bottom
          ? []
          : [
              el('rect', {
                class: slot.key,
                x: round(x(month.start) + 3),
                y: round(top),
                width: round(x(month.end) - x(month.start) - 6),
                height: round(bottom - top),
                rx: 1,
              }),
            ];
      });
      const label = words.month(monthName(month), month.primary, month.secondary);
      return bars.length === 0
        ? undefined
        : el('a', { href: hashOf({ ends: month.name }), 'aria-label': label }, el('title', {}, label), bars);
    }),
    all.map((month, index) => {
      const isYear = month.start.getUTCMonth() === 0;
      if (!isYear && index % 3 !== 0) return undefined;
      // A January takes the room of the label beside it.
      if (!isYear && all.some((other, at) => other.start.getUTCMonth() === 0 && Math.abs(at - index) === 1))
        return undefined;
      const text = isYear || index === 0 ? monthName(month) : monthName(month).slice(0, 3);
      return el(
        'text',
        { x: round((x(month.start) + x(month.end)) / 2), y: height - 8, 'text-anchor': 'middle' },
        text,
      );
    }),
  );
}

interface Ends {
  readonly months: readonly Month[];
  readonly all: number;
  readonly over: number;
  readonly later: number;
  /** Certificates of which only the thumbprint is known. */
  readonly unknown: number;
}

function endsOf(view: View): Ends {
  const now = new Date(view.at);
  const counts = new Map<string, { primary: number; secondary: number }>();
  const starts = Array.from(
    { length: months + 1 },
    (_, index) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index, 1)),
  );
  const limit = starts.at(-1)?.toISOString() ?? '';
  let [over, later, unknown, all] = [0, 0, 0, 0];
  for (const device of view.devices) {
    for (const slot of ['primary', 'secondary'] as const) {
      const certificate = device[slot];
      if (certificate === undefined) continue;
      const { to } = certificate;
      if (to === undefined) unknown += 1;
      else {
        all += 1;
        if (to < view.at) over += 1;
        else if (to >= limit) later += 1;
        else {
          const month = to.slice(0, 7);
          const count = counts.get(month) ?? { primary: 0, secondary: 0 };
          count[slot] += 1;
          counts.set(month, count);
        }
      }
    }
  }
  const shown = starts.slice(0, months).map((start, index): Month => {
    const name = start.toISOString().slice(0, 7);
    return { name, start, end: starts[index + 1] ?? start, ...(counts.get(name) ?? { primary: 0, secondary: 0 }) };
  });
  return { months: shown, all, over, later, unknown };
}

function lastMonth(all: readonly Month[]): Month {
  const last = all.at(-1);
  if (last === undefined) throw new Error('a timeline has months');
  return last;
}

const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Mar 2027` */
function monthName({ start }: Pick<Month, 'start'>): string {
  return `${names[start.getUTCMonth()] ?? ''} ${start.getUTCFullYear()}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
