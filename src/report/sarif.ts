import { gzipSync } from 'node:zlib';
import type { Fault } from '../model/fault.ts';
import type { Finding, Place, Severity } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { type RuleName, ruleNames, rules } from '../rules/rules.ts';
import { plural } from './counts.ts';
import { fingerprints } from './fingerprints.ts';
import { placesOf } from './places.ts';
import { saidLines } from './said.ts';
import { bySeverity } from './severity.ts';
import { visible } from './visible.ts';

/** What a SARIF file needs beside the report. */
export interface SarifContext {
  /** The version of this product. */
  readonly version: string;
  /**
   * The file, relative to the workspace, for findings without a place: code scanning refuses results without a
   * location.
   */
  readonly manifest: string;
  /** The web page of docs/rules.md; absent if it is not known. */
  readonly rulesPage?: string;
}

/**
 * Code scanning takes 25,000 results and 10 MB (gzipped) in one upload, and shows 5,000 results of a run.
 * https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
 */
const mostResults = 25_000;
const mostShown = 5_000;
const mostGzipped = 10_000_000;
/** Code scanning takes 1,000 locations of a result, stores 100 and shows the first. */
const mostLocations = 100;

/**
 * Returns the findings as SARIF 2.1.0 (JSON text), errors first. Faults are notifications of the tool. If there are
 * more findings than code scanning takes, the last ones are left out, and a notification says so.
 */
export function sarif(report: Report, context: SarifContext): string {
  const results = resultsOf(bySeverity(report.findings), context.manifest);
  let count = Math.min(results.length, mostResults);
  let text = sarifText(report, context, results, count);
  while (Buffer.byteLength(text) > mostGzipped && gzipSync(text).length > mostGzipped) {
    count = Math.floor(count / 2);
    text = sarifText(report, context, results, count);
  }
  return text;
}

function sarifText(report: Report, context: SarifContext, results: readonly object[], count: number): string {
  const { version, rulesPage } = context;
  return JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'provision-iot-edge',
            semanticVersion: version,
            rules: ruleNames.map((name) => descriptor(name, rulesPage)),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The root of the repository.' } } },
        invocations: [
          {
            executionSuccessful: report.faults.length === 0,
            toolExecutionNotifications: [...report.faults.map(ofFault), ...cutNotices(results.length, count)],
          },
        ],
        results: results.slice(0, count),
      },
    ],
  });
}

const levels = { error: 'error', warning: 'warning', notice: 'note' } as const satisfies Record<Severity, string>;

function descriptor<Name extends RuleName>(name: Name, rulesPage: string | undefined): object {
  const { severity, initially, about, message, remedy, example } = rules[name];
  // GitHub makes the anchors of headings in docs/rules.md this way.
  const anchor = name.replaceAll('/', '');
  return {
    id: name,
    shortDescription: { text: firstSentence(about) },
    fullDescription: { text: about },
    help: {
      text: `${about}\n\nFor example: ${message(example)}\nWhat to do: ${remedy(example)}`,
      markdown: `${about}\n\nFor example:\n\n> ${message(example)}  \n> → ${remedy(example)}\n`,
    },
    ...(rulesPage === undefined ? {} : { helpUri: `${rulesPage}#${anchor}` }),
    defaultConfiguration: { level: levels[severity], ...(initially === undefined ? {} : { enabled: false }) },
  };
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s+[A-Z`])/s.exec(text)?.[0] ?? text;
}

function resultsOf(findings: readonly Finding[], manifest: string): readonly object[] {
  const indices = new Map<string, number>(ruleNames.map((name, index) => [name, index]));
  const prints = fingerprints(findings);
  return findings.map((finding, index) => {
    const { rule, severity, remedy, devices } = finding;
    const places = placesOf(finding).slice(0, mostLocations);
    const ruleIndex = indices.get(rule);
    return {
      ruleId: rule,
      ...(ruleIndex === undefined ? {} : { ruleIndex }),
      level: levels[severity],
      message: { text: [...saidLines(finding).map(plain), `→ ${plain(remedy)}`].join('\n') },
      locations: (places.length === 0 ? [{ file: manifest, line: 1, column: 1 }] : places).map(locationOf),
      partialFingerprints: prints[index],
      ...(devices === undefined ? {} : { properties: { devices: devices.map(plain) } }),
    };
  });
}

function locationOf({ file, line, column }: Place): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file), uriBaseId: '%SRCROOT%' },
      region: { startLine: line, startColumn: column },
    },
  };
}

function ofFault({ message, remedy }: Fault): object {
  return { level: 'error', message: { text: `${plain(message)}\n→ ${plain(remedy)}` } };
}

function cutNotices(all: number, written: number): readonly object[] {
  if (all > written) {
    return [{ level: 'warning', message: { text: sarifNotices.leftOut({ all, written }) } }];
  }
  if (all <= mostShown) return [];
  return [{ level: 'note', message: { text: sarifNotices.notShown({ all, shown: mostShown }) } }];
}

/** What the notifications say if code scanning does not take or does not show all findings. */
export const sarifNotices = {
  leftOut: ({ all, written }: { readonly all: number; readonly written: number }) =>
    `${plural(all - written, 'finding')} of ${all} left out, since code scanning takes no more; all of them are in the output report-file.`,

  notShown: ({ all, shown }: { readonly all: number; readonly shown: number }) =>
    `${all} findings: code scanning shows the first ${shown}, errors first; all of them are in the output report-file.`,
};

const mostCharacters = 1000;

/** Escapes text so that it holds no link: SARIF reads `[text](target)` as one. Also cuts long text. */
function plain(text: string): string {
  const shown = visible(text).replaceAll('](', '] (');
  return shown.length > mostCharacters ? `${[...shown].slice(0, mostCharacters - 1).join('')}…` : shown;
}

/**
 * Returns a path of the workspace as a relative reference (RFC 3986), with `%`, `#`, `?`, spaces and the like encoded.
 */
function uriOf(path: string): string {
  const wellFormed = path.replace(/\p{Cs}/gu, '\ufffd');
  return wellFormed.split('/').map(encodeURIComponent).join('/');
}
