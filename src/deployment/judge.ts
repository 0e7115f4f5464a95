import { decodeText, SourceText } from '../manifest/source.ts';
import type { Finding, Judged } from '../model/finding.ts';
import { scrubbed } from '../model/secrets.ts';
import type { Texts } from '../model/texts.ts';
import type { Workspace } from '../model/workspace.ts';
import { guarded } from '../rules/guarded.ts';
import { finding } from '../rules/rules.ts';
import { type Facts, judgeTogether } from './content/together.ts';
import { recognize } from './form.ts';
import { readText } from './json/read.ts';
import { most } from './limits.ts';
import { holdsPlaceholder, leftOverIn } from './placeholders.ts';
import { isTold, type JudgeOptions, judgeDeployment } from './verdict.ts';

/** The deployments of a run, as the settings ask for them. */
export interface DeploymentsRequest extends JudgeOptions {
  /** Paths and globs, relative to the workspace. */
  readonly patterns: readonly string[];
}

/**
 * Reads deployment files and judges them as the runtime will. Gives back the files that were read.
 * @param texts gets the texts of the files that have findings
 */
export async function judgeDeployments(
  { patterns, ...options }: DeploymentsRequest,
  workspace: Workspace,
  texts: Texts,
): Promise<Judged<readonly string[]>> {
  const { files, missing, linksOut = [], bound } = await workspace.find(patterns);
  const everything = patterns.join(', ');
  const place = { file: scrubbed(everything), line: 1, column: 1 };
  const findings: Finding[] = missing.map((pattern) =>
    finding('deployment/none', { pattern }, { place: { ...place, file: scrubbed(pattern) } }),
  );
  if (bound !== undefined) findings.push(finding('manifest/search-bound', { pattern: everything, bound }, { place }));
  if (linksOut.length > 0) {
    findings.push(finding('manifest/link-not-followed', { pattern: everything, links: linksOut }, { place }));
  }
  if (files.length === 0 && missing.length === 0) {
    findings.push(finding('deployment/none', { pattern: everything }, { place }));
  }
  const assuming: { readonly file: string; readonly runtime: string }[] = [];
  const facts: FileFacts[] = [];
  for (const file of files) {
    const { value, findings: own } = judgeFile(file, workspace, texts, options);
    findings.push(...(findings.length < most.findings ? own : firstError(own)));
    if (value?.assumed !== undefined) assuming.push({ file, runtime: value.assumed });
    if (value !== undefined) facts.push({ ...value.facts, file });
  }
  const compared = judgeTogether(facts).flatMap(({ of, problem }) => {
    const source = read(of.file, workspace);
    if (!(source instanceof FileText)) return [];
    texts.add(of.file, source.text);
    return [problem.make({ place: source.place(problem.offset) })];
  });
  return { value: files, findings: [...findings, ...compared, ...assumption(assuming)] };
}

/** When there are very many findings, a file with an error still has one. */
function firstError(findings: readonly Finding[]): readonly Finding[] {
  const error = findings.find(({ severity }) => severity === 'error');
  return error === undefined ? [] : [error];
}

/** Says once by which version deployments are judged that name none. */
function assumption(assuming: readonly { readonly file: string; readonly runtime: string }[]): readonly Finding[] {
  const [first] = assuming;
  if (first === undefined) return [];
  const details = { runtime: first.runtime, files: assuming.length };
  return [finding('deployment/version-assumed', details, { place: { file: first.file, line: 1, column: 1 } })];
}

function judgeFile(
  file: string,
  workspace: Workspace,
  texts: Texts,
  options: JudgeOptions,
): Judged<JudgedText | undefined> {
  const source = read(file, workspace);
  if (!(source instanceof FileText)) return found([source]);
  // One file must not end the run, whatever it holds.
  const judged = guarded(
    () => judgeText(source, options),
    () => ({ place: topOf(file) }),
  );
  if (judged.findings.length > 0) texts.add(file, source.text);
  return judged;
}

function read(file: string, workspace: Workspace): FileText | Finding {
  const top = { place: topOf(file) };
  const bytes = workspace.read(file, most.bytes);
  if (!bytes.ok) return finding('deployment/syntax', { kind: 'unread', why: bytes.why, detail: bytes.detail }, top);
  const text = decodeText(bytes.bytes);
  return text === undefined ? finding('deployment/syntax', { kind: 'not-utf8' }, top) : new FileText(file, text);
}

function topOf(file: string) {
  return { file, line: 1, column: 1 };
}

/** The text of a file, whose lines are counted when the first finding needs a place. */
export class FileText {
  readonly file: string;
  readonly text: string;
  #source: SourceText | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  place(offset: number) {
    this.#source ??= new SourceText(this.file, this.text);
    return this.#source.place(offset);
  }
}

/** A deployment that was read. */
interface JudgedText {
  readonly facts: Facts;
  /** The version by which it was judged, if it names none. */
  readonly assumed?: string;
}

interface FileFacts extends Facts {
  readonly file: string;
}

/** Judges the text of one deployment file. */
export function judgeText(source: FileText, options: JudgeOptions): Judged<JudgedText | undefined> {
  const at = (offset: number) => ({ place: source.place(offset) });
  const read = readText(source.text);
  if (read.kind === 'refused') return found([finding('deployment/syntax', read.why, at(read.offset))]);
  const recognized = recognize(read.value);
  if (recognized.kind === 'none') {
    const { why, offset } = recognized;
    return found([finding('deployment/unknown-form', { why }, at(offset))]);
  }
  const isTemplate = !options.applied && (read.bare || holdsPlaceholder(source.text, read.value));
  const { problems, facts, assumed } = judgeDeployment(recognized.deployment, isTemplate, options);
  const all = [...read.problems, ...(options.applied ? leftOverIn(source.text, read.value) : []), ...problems];
  const told = all.filter((one) => isTold(one, options.rules));
  const findings = told.slice(0, most.problems).map(({ offset, make }) => make(at(offset)));
  return { value: { facts, ...(isTemplate || assumed === undefined ? {} : { assumed }) }, findings };
}

function found(findings: readonly Finding[]): Judged<undefined> {
  return { value: undefined, findings };
}
