/** The texts that stand where a list is cut. */
export const leftOut = {
  /** The end of a list that has no more room; `elsewhere` is one of the table below. */
  items: (count: number, elsewhere: string) => `… and ${count} more; ${elsewhere}.`,

  rows: (count: number) => `… and ${count} more`,

  ofRule: (count: number, rule: string) => `… and ${count} more of ${rule}`,

  annotations: (count: number) =>
    `${count} more of this kind are in the log, in the job summary and in the output sarif-file.`,
};

/** Where readers find all items of a list that is cut. */
export const elsewhere = {
  summary: "all of them are in the run's summary",
  report: 'all of them are in the output `report-file`',
  log: 'all of them are in the log',
} as const;
