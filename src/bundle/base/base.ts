import {
  type Document,
  isMap,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { messageOf } from '../../model/fault.ts';
import type { Judged, Place, Subject } from '../../model/finding.ts';
import type { BaseProblem } from '../../rules/base.ts';
import { finding } from '../../rules/rules.ts';
import { judgeBaseSecrets } from './secrets.ts';
import { nameOf, type Setting, type Settings, settingAt, settingsOf, textsOf } from './settings.ts';

/** A config.yaml of the user (IoT Edge 1.0.10 to 1.1). It is parsed once; `editBase` edits it for many devices. */
export interface Base {
  readonly form: 'config.yaml';
  /** Relative to the workspace. */
  readonly path: string;
  readonly byteOrderMark: string;
  /** The text behind the byte order mark. Offsets count from its start. */
  readonly text: string;
  /** The line break of the first line. New lines get it too. */
  readonly newline: '\n' | '\r\n';
  readonly settings: Settings;
  /** The values of all sections except `provisioning`, which the device's own replaces. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The range that the new `provisioning:` section replaces. `before` holds the old section as a comment. */
  readonly section: { readonly start: number; readonly end: number; readonly before: string };
  /** The value of `dynamic_reprovisioning` in the old section. */
  readonly dynamicReprovisioning?: boolean;
  /** The empty line between the last section and a section that is added at the end. */
  readonly gap: '' | '\n' | '\r\n';
  readonly place: (offset: number) => Place;
}

type Understood = Pick<Base, 'settings' | 'values' | 'section' | 'dynamicReprovisioning' | 'gap'>;
type Problem = BaseProblem & { readonly offset: number };
type Refused = { readonly problems: readonly Problem[] };
type ParsedDocument = Document.Parsed<ParsedNode>;
type YamlMap = YAMLMap<Node, Node | null>;

/**
 * Reads a config.yaml for editing. Gives no value if it cannot be edited. Findings name their line in it. `judgeParts`
 * checks what a device of one platform needs in it.
 *
 * The old `provisioning:` section becomes a comment, whatever its source (`manual`, `dps`, `external`). The new section
 * goes directly below it, or at the end of a file without an active section. Other comments are kept, also the example
 * sections of the template.
 *
 * @param path relative to the workspace; findings name it
 * @param fileText the decoded text with its byte order mark
 * @param subject the device, if only one device uses the file
 */
export function readBase(path: string, fileText: string, subject: Subject): Judged<Base | undefined> {
  const byteOrderMark = fileText.startsWith('\uFEFF') ? '\uFEFF' : '';
  const text = fileText.slice(byteOrderMark.length);
  const newline = /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
  const place = (offset: number): Place => {
    const lines = text.slice(0, offset).split('\n');
    return { file: path, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  };
  const read = understand(text, newline);
  const understood = 'problems' in read ? undefined : read;
  const problems = 'problems' in read ? read.problems : [];
  const findings = [
    ...problems.map((problem) =>
      finding('config/base', { path, problem }, { ...subject, place: place(problem.offset) }),
    ),
    ...judgeBaseSecrets({ path, text, place, texts: textsOf(understood?.settings) }, subject),
  ];
  if (understood === undefined) return { value: undefined, findings };
  return { value: { form: 'config.yaml', path, byteOrderMark, text, newline, place, ...understood }, findings };
}

function understand(text: string, newline: Base['newline']): Understood | Refused {
  // Checked first and reported alone: the parser's message for it is misleading.
  const indented = /^([ \t]+)(["']?)provisioning\2[ \t]*:/m.exec(text);
  if (indented !== null && !/^(["']?)provisioning\1[ \t]*:/m.test(text)) {
    const offset = indented.index + (indented[1]?.length ?? 0);
    return { problems: [{ kind: 'provisioning-indented', offset }] };
  }
  // The runtime takes it for a line break, other readers of YAML do not.
  const loneReturn = /\r(?!\n)/.exec(text);
  if (loneReturn !== null) return { problems: [{ kind: 'carriage-return', offset: loneReturn.index }] };
  try {
    return understandYaml(text, newline);
  } catch (thrown) {
    return { problems: [{ offset: 0, ...syntaxProblem(messageOf(thrown)) }] };
  }
}

function understandYaml(text: string, newline: Base['newline']): Understood | Refused {
  const options = { prettyErrors: false, stringKeys: true, logLevel: 'error', keepSourceTokens: true } as const;
  const document = parseDocument(text, options);
  const { contents, errors } = document;
  if (errors.length > 0) return { problems: syntaxProblems(errors, text) };
  if (!isMap<Node, Node | null>(contents) || contents.flow === true)
    return { problems: [{ kind: contents === null ? 'no-settings' : 'no-map', offset: 0 }] };

  const settings = settingsOf(contents, text);
  const old = settings.entries.get('provisioning');
  const problems = [
    ...problemsOfForm(contents, settings, text),
    ...problemsOfProvisioning(old),
    ...problemsOfReferences(document, old),
  ];
  if (problems.length > 0) return { problems };

  const dynamic = old?.map?.entries.get('dynamic_reprovisioning')?.scalar;
  const gap = gapBehind([...settings.entries.values()].at(-1), text) ? newline : '';
  const section = old === undefined ? sectionAtEnd(settings, text, newline + gap) : sectionInPlace(old, text, newline);
  return {
    // New settings of the top level go behind the provisioning section, also if that is the last one.
    settings: { ...settings, room: Math.max(settings.room, section.end) },
    values: valuesOf(contents, document),
    section,
    gap,
    ...(typeof dynamic === 'boolean' ? { dynamicReprovisioning: dynamic } : {}),
  };
}

/** Only the section that is left out may have aliases. */
function valuesOf({ items }: YamlMap, document: ParsedDocument): Base['values'] {
  const kept = items.filter((pair) => nameOf(pair) !== 'provisioning');
  return Object.fromEntries(kept.map((pair) => [nameOf(pair), pair.value?.toJS(document) ?? null]));
}

/** Puts `# ` before each line of the old section and of the indented comments behind it. Nothing else changes. */
function sectionInPlace({ key, lineEnd }: Setting, text: string, newline: string): Base['section'] {
  const end = behindComments(lineEnd, text);
  const lines = text.slice(key, end).split('\n');
  const commented = lines.map((line) => (line.trim() === '' ? line : `# ${line}`)).join('\n');
  return { start: key, end, before: commented + newline };
}

function sectionAtEnd({ room }: Settings, text: string, before: string): Base['section'] {
  const end = behindComments(room, text);
  return { start: end, end, before };
}

function behindComments(lineEnd: number, text: string): number {
  const comments = /(\r?\n[ \t]+#[^\n]*)*/y;
  comments.lastIndex = lineEnd;
  const found = comments.exec(text)?.[0] ?? '';
  return lineEnd + found.replace(/\r$/, '').length;
}

/** Whether an empty line may follow. Behind a block text that keeps empty lines (`|+`) it would become part of it. */
function gapBehind(last: Setting | undefined, text: string): boolean {
  return last === undefined || !/[|>]\d?\+/.test(text.slice(last.colonEnd, last.valueEnd));
}

/** All duplicate keys, and the first of the other errors: later errors often follow from it. */
function syntaxProblems(errors: readonly YAMLError[], text: string): readonly Problem[] {
  const twice = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  const others = errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  return [...others.slice(0, 1), ...twice].map(({ code, message, pos: [offset] }): Problem => {
    switch (code) {
      case 'DUPLICATE_KEY':
        return { kind: 'key-twice', key: /^[^\s:]*/.exec(text.slice(offset))?.[0] ?? '', offset };
      case 'MULTIPLE_DOCS':
        return { kind: 'second-document', offset };
      case 'TAB_AS_INDENT':
        return { kind: 'tab', offset };
      default:
        return { offset, ...syntaxProblem(message) };
    }
  });
}

/** The parser recurses: a text of nothing but brackets exhausts the stack. */
function syntaxProblem(message: string): BaseProblem {
  if (/call stack/i.test(message)) return { kind: 'too-deep' };
  return { kind: 'syntax', message: message.split('\n', 1)[0] ?? '' };
}

/**
 * The keys at the top level of a config.yaml (Settings of edgelet-core and edgelet-docker, 1.0.10 to 1.1). The runtime
 * silently ignores all others.
 */
export const topLevel: ReadonlySet<string> = new Set([
  ...['provisioning', 'agent', 'hostname', 'connect', 'listen', 'homedir', 'moby_runtime', 'certificates', 'watchdog'],
]);

const maps: readonly string[] = [
  ...['agent', 'agent.env', 'agent.config', 'certificates', 'watchdog', 'connect', 'listen', 'moby_runtime'],
];

function problemsOfForm(root: YamlMap, settings: Settings, text: string): readonly Problem[] {
  const problems: Problem[] = [];
  for (const pair of root.items) {
    const offset = pair.key.range?.[0] ?? 0;
    const name = nameOf(pair);
    const lower = name.toLowerCase();
    if (offset > 0 && text[offset - 1] !== '\n') problems.push({ kind: 'key-indented', key: name, offset });
    if (name !== lower && topLevel.has(lower)) problems.push({ kind: 'key-case', key: name, expected: lower, offset });
  }
  for (const path of maps) {
    const setting = settingAt(settings, path.split('.'));
    if (setting === undefined || setting.map !== undefined || setting.scalar === null) continue;
    problems.push({ kind: 'no-section', setting: path, offset: setting.key });
  }
  return problems;
}

function problemsOfProvisioning(section: Setting | undefined): readonly Problem[] {
  if (section === undefined) return [];
  if (section.map === undefined) return [{ kind: 'provisioning-empty', offset: section.key }];
  const { entries } = section.map;
  const problems: Problem[] = [];
  const authentication = entries.get('authentication');
  if (authentication !== undefined && entries.has('device_connection_string')) {
    problems.push({ kind: 'two-authentications', offset: authentication.key });
  }
  const dynamic = entries.get('dynamic_reprovisioning');
  if (dynamic !== undefined && typeof dynamic.scalar !== 'boolean') {
    problems.push({ kind: 'dynamic-reprovisioning', offset: dynamic.key });
  }
  return problems;
}

/** Lines can be edited only if nothing refers to them. References inside the old section are replaced with it. */
function problemsOfReferences(document: ParsedDocument, section: Setting | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (problem: Problem) => {
    const { offset } = problem;
    const inside = section !== undefined && offset >= section.key && offset < section.lineEnd;
    if (!inside) problems.push(problem);
  };
  visit(document, {
    Alias(_, { source, range }) {
      add({ kind: 'alias', name: source, offset: range?.[0] ?? 0 });
    },
    Pair(_, { srcToken }) {
      if (srcToken === undefined || srcToken.sep?.some(({ type }) => type === 'map-value-ind')) return;
      const offset = srcToken.key !== undefined && srcToken.key !== null ? srcToken.key.offset : 0;
      add({ kind: 'key-without-colon', offset });
    },
  });
  return problems;
}
