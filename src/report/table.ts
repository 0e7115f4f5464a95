import type { DeviceTable } from './devices.ts';
import { visible } from './visible.ts';

/**
 * Returns a table as lines. If it is wider than the terminal, what is the same in all rows is said once, above the table. If that is
 * not enough, each row is a paragraph, which can be wrapped.
 */
export function tableLines({ head, rows }: DeviceTable, columns = Number.POSITIVE_INFINITY): readonly string[] {
  const table = [head.map((title) => title.toUpperCase()), ...rows.map((row) => row.map(visible))];
  const whole = drawn(table);
  if (fits(whole, columns)) return whole;
  const same = head.flatMap((_, column) => (column > 0 && isSame(table, column) ? [column] : []));
  const narrow = drawn(table.map((row) => row.filter((_, column) => !same.includes(column))));
  const common = same.map((column) => pair(head[column], table[1]?.[column]));
  if (fits(narrow, columns)) return [`All: ${common.join(', ')}`, ...narrow];
  return rows.flatMap(([first = '', ...others]) => [
    visible(first),
    `  ${others.map((cell, index) => pair(head[index + 1], visible(cell))).join(', ')}`,
  ]);
}

function drawn(table: readonly (readonly string[])[]): readonly string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return cells.join('  ').trimEnd();
  });
}

function fits(lines: readonly string[], columns: number): boolean {
  return lines.every(({ length }) => length <= columns);
}

function isSame([, first, ...others]: readonly (readonly string[])[], column: number): boolean {
  return others.length > 0 && others.every((row) => row[column] === first?.[column]);
}

function pair(title = '', cell = ''): string {
  return `${title.toLowerCase()} ${cell === '' ? '-' : cell}`;
}
