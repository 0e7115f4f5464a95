import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const page = 'docs/performance.md';

/** Writes a text into its part of docs/performance.md, between `<!-- name -->` and `<!-- /name -->`. */
export function fill(name: string, text: string): void {
  const before = readFileSync(page, 'utf8');
  const part = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!part.test(before)) throw new Error(`${page} has no part for ${name}`);
  writeFileSync(
    page,
    before.replace(part, (_, start: string, end: string) => `${start}${text}\n${end}`),
  );
}

/** The machine and the date: `Intel(R) Xeon(R), 2 cores, 24 GB, Linux, Node 24.21.0, 2026-11-23`. */
export function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const system = `${process.platform} ${process.arch}`;
  return `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${gigabytes} GB, ${system}, Node ${process.versions.node}, ${date}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** `1,000` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
