import { gzipSync } from 'node:zlib';
import type { Fault } from '../model/fault.ts';
import type { Finding, Severity } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { type RuleName, ruleNames, rules } from '../rules/rules.ts';
import { plural } from './counts.ts';
import { fingerprints } from './fingerprints.ts';
import { bySeverity } from './severity.ts';
import { visible } from './visible.ts';

/** What a SARIF file says beside the report. */
export interface SarifContext {
  /** Of this product. */
  readonly version: string;
  /** Where a finding without a place is shown, relative to the workspace: code scanning refuses results without a location. */
  readonly manifest: string;
  /** The web page of docs/rules.md, where it is known. */
  readonly rulesPage?: string;
}

/**
 * What code scanning takes in one upload; of the results of a run it shows 5,000.
 * https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
 */
const mostResults = 25_000;
const mostShown = 5_000;
const mostGzipped = 10_000_000;

/**
 * Every finding as SARIF 2.1.0 (JSON text), errors first; faults are notifications of the tool. Where there are more than
 * code scanning takes, the last go, and a notification says so.
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
  const { severity, about, message, remedy, example } = rules[name];
  // GitHub makes the anchor of a heading so; it is that of docs/rules.md.
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
    defaultConfiguration: { level: levels[severity] },
  };
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s+[A-Z`])/s.exec(text)?.[0] ?? text;
}

function resultsOf(findings: readonly Finding[], manifest: string): readonly object[] {
  const indices = new Map<string, number>(ruleNames.map((name, index) => [name, index]));
  const prints = fingerprints(findings);
  return findings.map(({ rule, severity, message, remedy, place }, index) => {
    const { file, line, column } = place ?? { file: manifest, line: 1, column: 1 };
    const ruleIndex = indices.get(rule);
    return {
      ruleId: rule,
      ...(ruleIndex === undefined ? {} : { ruleIndex }),
      level: levels[severity],
      message: { text: `${plain(message)}\n→ ${plain(remedy)}` },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: uriOf(file), uriBaseId: '%SRCROOT%' },
            region: { startLine: line, startColumn: column },
          },
        },
      ],
      partialFingerprints: prints[index],
    };
  });
}

function ofFault({ message, remedy }: Fault): object {
  return { level: 'error', message: { text: `${plain(message)}\n→ ${plain(remedy)}` } };
}

function cutNotices(all: number, written: number): readonly object[] {
  if (all > written) {
    const text = `${plural(all - written, 'finding')} of ${all} left out, since code scanning takes no more; all of them are in the output report-file.`;
    return [{ level: 'warning', message: { text } }];
  }
  if (all <= mostShown) return [];
  const text = `${all} findings: code scanning shows the first ${mostShown}, errors first; all of them are in the output report-file.`;
  return [{ level: 'note', message: { text } }];
}

const mostCharacters = 1000;

/** Text in which nothing is a link: SARIF reads `[text](target)` as one. */
function plain(text: string): string {
  const shown = visible(text).replaceAll('](', '] (');
  return shown.length > mostCharacters ? `${[...shown].slice(0, mostCharacters - 1).join('')}…` : shown;
}

/** A path of the workspace as a relative reference (RFC 3986): with `%`, `#`, `?`, spaces and the like encoded. */
function uriOf(path: string): string {
  const wellFormed = path.replace(/\p{Cs}/gu, '\ufffd');
  return wellFormed.split('/').map(encodeURIComponent).join('/');
}
