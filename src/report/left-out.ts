import { number } from './counts.ts';

/** The texts that stand where a list is cut, and the counts of whole ones. */
export const leftOut = {
  /** The title of a list, with the number of all its items. */
  title: (title: string, count: number) => `${title} (${number(count)})`,

  /** The end of a list that has no more room; `elsewhere` is one of the table below. */
  items: (count: number, elsewhere: string) => `… and ${number(count)} more; ${elsewhere}.`,

  ofRule: (count: number, rule: string) => `… and ${number(count)} more of ${rule}; ${elsewhere.json}`,

  annotations: (count: number) =>
    `${number(count)} more of this kind are in the log, in the job summary and in the output sarif-file.`,

  /** Below lists in which many devices are named by the first of them. */
  ids: (elsewhere: string) => `Only the first devices are named; ${elsewhere}.`,

  /** The title of a list that names them all. */
  allDevices: (count: number) => `All ${number(count)} devices`,
};

/** Where readers find all items of a list that is cut. */
export const elsewhere = {
  summary: "all of them are in the run's summary",
  report: 'all of them are in the output `report-file`',
  log: 'all of them are in the log',
  json: 'all of them are in the JSON report',
} as const;
