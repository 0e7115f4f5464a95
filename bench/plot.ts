import { scaleLog } from 'd3-scale';
import { line } from 'd3-shape';

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly devices: number; readonly seconds: number }[];
}

const width = 720;
const height = 420;
const edge = { left: 70, right: 200, top: 20, bottom: 50 };
// The curves can be told apart without colours, since their names stand at their right ends.
const colours = ['#0b62a3', '#b3401a', '#3f7d20', '#7a4fa3', '#8a6d00'];

/** Draws time against fleet size, both in powers of ten, as SVG. It is readable on light and dark pages. */
export function plot(curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const times = points.map((point) => point.seconds);
  const x = scaleLog([1, Math.max(10, ...points.map(({ devices }) => devices))], [edge.left, width - edge.right]);
  const least = 10 ** Math.floor(Math.log10(Math.min(...times)));
  const most = 10 ** Math.ceil(Math.log10(Math.max(...times)));
  const y = scaleLog([least, most], [height - edge.bottom, edge.top]);
  const path = line<Curve['points'][number]>(
    ({ devices }) => x(devices),
    (point) => y(point.seconds),
  );
  const powers = (from: number, to: number) => tens.filter((ten) => ten >= from && ten <= to);
  const axes = [
    ...powers(1, x.domain()[1] ?? 1).map((ten) =>
      gridLine(x(ten), y(least), x(ten), y(most), ten.toLocaleString('en-US'), 'below'),
    ),
    ...powers(least, most).map((ten) => gridLine(x(1), y(ten), width - edge.right, y(ten), `${ten} s`, 'left')),
  ];
  const names = spread(curves.map(({ points: own }) => y(own.at(-1)?.seconds ?? least)));
  const drawn = curves.map(({ name, points: own }, at) => {
    const colour = colours[at % colours.length] ?? '#000';
    const dots = own.map(
      (point) => `<circle cx="${round(x(point.devices))}" cy="${round(y(point.seconds))}" r="3" fill="${colour}"/>`,
    );
    const label = `<text x="${width - edge.right + 10}" y="${round((names[at] ?? 0) + 4)}" fill="${colour}">${name}</text>`;
    return `<path d="${path(own) ?? ''}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Time against fleet size">
<rect width="${width}" height="${height}" fill="#fff"/>
${[...axes, ...drawn].join('\n')}
<text x="${(edge.left + width - edge.right) / 2}" y="${height - 8}" text-anchor="middle">devices</text>
</svg>
`;
}

const tens = [0.001, 0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000];

function gridLine(x1: number, y1: number, x2: number, y2: number, label: string, side: 'below' | 'left'): string {
  const at =
    side === 'below'
      ? `x="${round(x1)}" y="${round(y1 + 18)}" text-anchor="middle"`
      : `x="${round(x1 - 8)}" y="${round(y1 + 4)}" text-anchor="end"`;
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/><text ${at}>${label}</text>`;
}

/** Heights at which names of one line do not touch each other, in the given order. */
function spread(heights: readonly number[]): readonly number[] {
  const order = heights.map((wanted, at) => ({ wanted, at })).sort((a, b) => a.wanted - b.wanted);
  const placed = new Map<number, number>();
  let free = Number.NEGATIVE_INFINITY;
  for (const { wanted, at } of order) {
    const height = Math.max(wanted, free);
    placed.set(at, height);
    free = height + 15;
  }
  return heights.map((wanted, at) => placed.get(at) ?? wanted);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
