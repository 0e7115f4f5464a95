import type { Severity } from '../../model/finding.ts';
import { number, plural } from '../counts.ts';
import type { Phase } from '../phase.ts';

/** The words of report.html that no other screen has. */
export const words = {
  attention: 'Needs your attention',
  changes: { planned: 'Changes', done: 'Changes', refused: 'Changes', found: 'Differences' } as const satisfies Record<
    Phase,
    string
  >,
  timeline: 'When certificates end',
  fleet: 'Fleet',
  tree: 'Nested devices',
  findings: 'Findings by rule',
  rendered: { added: 'new bundle', changed: 'changed bundle', same: 'bundle as before' },
  errors: 'has errors',
  copy: 'Copy',
  copied: 'Copied',
  back: 'All devices',
  none: 'none',

  skip: 'Skip to the fleet',
  run: 'The run on GitHub',
  rules: 'Rules that the workflow changed',
  madeBy: (version: string) =>
    `Made by provision-iot-edge ${version}. This file names devices and hubs. It loads nothing and sends nothing.`,
  configurationHead: ['Devices', 'Key', 'Before', 'After'],
  configurationChanges: 'Configuration that changes',
  devices: (count: number) => plural(count, 'device'),

  // The table
  tableCaption: 'The devices of the fleet',
  search: 'Search',
  searchHint: 'device, thumbprint, rule …',
  show: 'Show',
  hub: 'Hub',
  allHubs: 'all hubs',
  pages: 'Pages of the table',
  previous: 'Previous',
  next: 'Next',
  clear: (what: string) => `Only ${what} ✕`,
  clearLabel: (what: string) => `Remove the filter: ${what}`,
  endsIn: (month: string) => `certificates that end in ${month}`,
  noScript: 'Searching, sorting and the pages of single devices need JavaScript.',
  shows: {
    all: 'all devices',
    attention: 'needs attention',
    changed: 'changes',
    same: 'unchanged',
    findings: 'has findings',
    ending: 'certificate ends soon',
  },
  figures: {
    all: (count: number) => (count === 1 ? 'device' : 'devices'),
    attention: (count: number) => (count === 1 ? 'needs attention' : 'need attention'),
    changed: (count: number, _days: number, phase: Phase) => {
      const texts = {
        planned: ['changes', 'change'],
        done: ['changed', 'changed'],
        found: ['differs', 'differ'],
      } as const;
      return phase === 'refused' ? 'would change' : texts[phase][count === 1 ? 0 : 1];
    },
    same: (_count: number, _days: number, phase: Phase) => (phase === 'found' ? 'as declared' : 'unchanged'),
    findings: () => 'with findings',
    ending: (count: number, days: number) =>
      `${count === 1 ? 'has' : 'have'} a certificate that ends within ${plural(days, 'day')}`,
  },

  // The timeline
  timelineLabel: (months: number) => `Certificates that end in the next ${months} months, by month`,
  now: 'today',
  above: 'primary, above the line',
  below: 'secondary, below the line',
  window: (days: number) => `the next ${plural(days, 'day')}, for which the run warns`,
  over: (count: number) => `${plural(count, 'certificate')} ${count === 1 ? 'has' : 'have'} ended.`,
  later: (count: number, month: string) =>
    `${plural(count, 'certificate')} ${count === 1 ? 'ends' : 'end'} after ${month}.`,
  unknownEnds: (count: number) =>
    `${plural(count, 'thumbprint')} ${count === 1 ? 'stands' : 'stand'} in the manifest without a certificate, so the end is not known.`,
  month: (month: string, primary: number, secondary: number) =>
    `${month}: ${number(primary)} primary, ${number(secondary)} secondary`,

  // One device
  fieldsTitle: {
    planned: 'What changes',
    done: 'What was to change',
    refused: 'What would change',
    found: 'What differs',
  } as const satisfies Record<Phase, string>,
  fieldsOf: (id: string) => `What changes of ${id}`,
  findingsTitle: 'Findings',
  field: 'Field',
  before: 'Hub',
  after: 'Manifest',
  certificates: 'Certificates',
  primary: 'Primary',
  secondary: 'Secondary',
  used: 'used by the device',
  thumbprint: 'Thumbprint',
  validFrom: 'Valid from',
  validTo: 'Ends',
  key: 'Key',
  issuer: 'Issuer',
  file: 'File',
  settings: 'Settings',
  status: 'Status',
  runtimeTitle: 'Runtime',
  owner: 'Owner',
  parent: 'Parent',
  children: 'Children',
  bundle: 'Bundle',

  changeTitle: { planned: 'Change', done: 'Result', refused: 'Not made', found: 'Compared' } as const satisfies Record<
    Phase,
    string
  >,
  severity: { error: 'Error', warning: 'Warning', notice: 'Notice' } as const satisfies Record<Severity, string>,

  runtime: (version: string, platform: string) => `${version} ${platform}`,

  /** How far a certificate's end is, seen from the report. */
  until: (days: number) => {
    if (days < 0) return days === -1 ? 'ended yesterday' : `ended ${plural(-days, 'day')} ago`;
    return days === 0 ? 'within a day' : `in ${plural(days, 'day')}`;
  },

  /** What the table shows: `200 of 10,000 devices`. */
  count: (matching: number, all: number, from: number, shown: number) => {
    const devices = matching === all ? plural(all, 'device') : `${number(matching)} of ${plural(all, 'device')}`;
    return shown === matching ? devices : `${devices}; rows ${number(from + 1)} to ${number(from + shown)}`;
  },
  page: (page: number, pages: number) => `Page ${number(page)} of ${number(pages)}`,

  leftSame: (left: number) =>
    `${plural(left, 'device')} to which nothing happens ${left === 1 ? 'is' : 'are'} not listed: the fleet is too large for one page.`,
  leftDevices: (left: number) =>
    `${plural(left, 'device')} had no room on this page. The JSON report names all of them.`,
  leftFindings: (left: number) =>
    `${plural(left, 'finding')} had no room on this page. The JSON report has all of them.`,
  leftConfigurations: (left: number) =>
    `The configuration of ${plural(left, 'device')} had no room on this page. Their bundles have it.`,
  more: (left: number) => `and ${number(left)} more`,
} as const;
