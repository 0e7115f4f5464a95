/** The link to report.html, in Markdown. It leads to a download. */
export function pageLink(url: string): string {
  return `[The fleet report](<${url}>) (HTML, one file)`;
}
