/** One page of a query's answer; `continuation` asks for the next, and the last has none. */
interface Page<Row> {
  readonly rows: readonly Row[];
  readonly continuation: string | undefined;
}

/** Twenty times what a hub's million devices take in full pages. */
const mostPages = 20_000;

/** The rows of all pages, one page after the other; `undefined` for an answer without an end, which no hub gives. */
export async function allPages<Row>(
  page: (continuation: string | undefined) => Promise<Page<Row>>,
): Promise<readonly Row[] | undefined> {
  const rows: Row[] = [];
  const seen = new Set<string>();
  let continuation: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const next = await page(continuation);
    for (const row of next.rows) rows.push(row);
    continuation = next.continuation;
    if (continuation === undefined) return rows;
    if (seen.has(continuation)) return undefined;
    seen.add(continuation);
  }
  return undefined;
}
