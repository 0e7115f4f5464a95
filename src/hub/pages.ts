/** One page of the answer to a query. `continuation` asks for the next page. The last page has none. */
interface Page<Row> {
  readonly rows: readonly Row[];
  readonly continuation: string | undefined;
}

/** Twenty times the pages of a hub with a million devices. */
const mostPages = 20_000;

/**
 * Returns the rows of all pages. Asks for one page after the other. `undefined` if the pages do not end, which no hub
 * does.
 */
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
