import { type Fault, messageOf } from '../model/fault.ts';
import type { Report } from '../model/report.ts';
import { type PageContext, reportPage } from '../report/html/page.ts';
import { runFault } from './faults.ts';
import { writeNamed } from './named-file.ts';
import { version } from './version.ts';

/** What is shown only where it is known. */
interface PageOptions extends Partial<Omit<PageContext, 'version' | 'now'>> {
  /** The root of the workspace, absolute. */
  readonly workspace: string;
}

/** Writes report.html. Returns the fault that kept it from being written, if any: the run itself is as the report says. */
export function writeReportPage(
  path: string,
  report: Report,
  { workspace, hide = (text) => text, link, run }: PageOptions,
): readonly Fault[] {
  try {
    const page = reportPage(report, { version, now: new Date(), hide, link, run });
    const refusal = writeNamed(path, workspace, page);
    return refusal === undefined ? [] : [runFault('page-refused', { path, why: refusal })];
  } catch (thrown) {
    return [runFault('page-not-written', { path, why: messageOf(thrown) }, { cause: thrown })];
  }
}
