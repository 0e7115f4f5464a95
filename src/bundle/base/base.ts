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
import { finding } from '../../rules/rules.ts';
import { judgeBaseSecrets } from './secrets.ts';
import { nameOf, type Setting, type Settings, settingAt, settingsOf } from './settings.ts';

/** A config.yaml of the user's (IoT Edge 1.0.10 to 1.1), understood once and edited for many devices by `editBase`. */
export interface Base {
  /** Relative to the workspace. */
  readonly path: string;
  readonly byteOrderMark: string;
  /** What follows the byte order mark; offsets count from here. */
  readonly text: string;
  /** The line break of the first line, which new lines get too. */
  readonly newline: '\n' | '\r\n';
  readonly settings: Settings;
  /** The lines that the new `provisioning:` section stands for, and what is written before it: the old one as a comment. */
  readonly section: { readonly start: number; readonly end: number; readonly before: string };
  /** `dynamic_reprovisioning` of the old section. */
  readonly dynamicReprovisioning?: boolean;
  /** What parts a section put at the end from the last one. */
  readonly gap: '' | '\n' | '\r\n';
  readonly place: (offset: number) => Place;
}

type Understood = Pick<Base, 'settings' | 'section' | 'dynamicReprovisioning' | 'gap'>;
type Problem = { readonly offset: number; readonly what: string; readonly remedy?: string };
type Refused = { readonly problems: readonly Problem[] };
type ParsedDocument = Document.Parsed<ParsedNode>;
type YamlMap = YAMLMap<Node, Node | null>;

/**
 * Reads a config.yaml that is to be edited. Nothing where it cannot be; findings have their line in it.
 * What a device of a certain platform needs to find in it is judged by `judgeParts`.
 *
 * The old `provisioning:` section, whatever its source (`manual`, `dps`, `external`), becomes a comment, the new one stands
 * directly below. A file without an active section gets it at the end. Other comments are left alone, also the template's
 * examples of sections.
 *
 * @param path relative to the workspace, as findings name it
 * @param fileText as decoded, with its byte order mark
 * @param subject whose file it is, where it is that of one device alone
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
    ...problems.map(({ offset, ...details }) =>
      finding('config/base', { path, ...details }, { ...subject, place: place(offset) }),
    ),
    ...judgeBaseSecrets({ path, text, place, settings: understood?.settings }, subject),
  ];
  if (understood === undefined) return { value: undefined, findings };
  return { value: { path, byteOrderMark, text, newline, place, ...understood }, findings };
}

function understand(text: string, newline: Base['newline']): Understood | Refused {
  // Told first and alone: what a parser says of it leads astray.
  const indented = /^([ \t]+)(["']?)provisioning\2[ \t]*:/m.exec(text);
  if (indented !== null && !/^(["']?)provisioning\1[ \t]*:/m.test(text)) {
    return { problems: [leadingSpace(indented.index + (indented[1]?.length ?? 0))] };
  }
  const loneReturn = /\r(?!\n)/.exec(text);
  if (loneReturn !== null) return { problems: [carriageReturn(loneReturn.index)] };
  try {
    return understandYaml(text, newline);
  } catch (thrown) {
    return { problems: [{ offset: 0, what: noYaml(messageOf(thrown)) }] };
  }
}

function understandYaml(text: string, newline: Base['newline']): Understood | Refused {
  const options = { prettyErrors: false, stringKeys: true, logLevel: 'error', keepSourceTokens: true } as const;
  const document = parseDocument(text, options);
  const { contents, errors } = document;
  if (errors.length > 0) return { problems: syntaxProblems(errors, text) };
  if (!isMap<Node, Node | null>(contents) || contents.flow === true) return { problems: [noSettings(contents)] };

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
    // What is new at the top level goes behind the section also where that is the last one.
    settings: { ...settings, room: Math.max(settings.room, section.end) },
    section,
    gap,
    ...(typeof dynamic === 'boolean' ? { dynamicReprovisioning: dynamic } : {}),
  };
}

/** `# ` before each line of the old section and of the indented comments right behind it: taken away again, it is as it was. */
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

/** An empty line, but not where it would become part of a text that keeps those behind it (`|+`). */
function gapBehind(last: Setting | undefined, text: string): boolean {
  return last === undefined || !/[|>]\d?\+/.test(text.slice(last.colonEnd, last.valueEnd));
}

function leadingSpace(offset: number): Problem {
  return {
    offset,
    what: '"provisioning:" does not begin its line; the runtime would take it for a part of something else',
    remedy: 'Remove the spaces and tabs before it (https://github.com/Azure/iotedge/issues/5928).',
  };
}

/** A line break to the runtime, and none to other readers of YAML. */
function carriageReturn(offset: number): Problem {
  const what = 'a carriage return that is not followed by a line feed';
  return { offset, what, remedy: 'Save the file with the line ends of Unix or Windows.' };
}

function noSettings(contents: unknown): Problem {
  const what = contents === null ? 'it has no settings' : 'it is no list of settings';
  return { offset: 0, what, remedy: 'Write one setting a line, "key: value", as the file of the package does.' };
}

/** Keys that stand twice, and the first of the other errors: what comes behind it is often its consequence. */
function syntaxProblems(errors: readonly YAMLError[], text: string): readonly Problem[] {
  const twice = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  const others = errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  return [...others.slice(0, 1), ...twice].map(({ code, message, pos: [offset] }): Problem => {
    switch (code) {
      case 'DUPLICATE_KEY': {
        const key = /^[^\s:]*/.exec(text.slice(offset))?.[0];
        const what = `${key} stands here a second time; the runtime would take the last one in silence`;
        return { offset, what, remedy: 'Remove one of them, or put "# " before its lines.' };
      }
      case 'MULTIPLE_DOCS': {
        const what = 'a second document begins here ("---"); the runtime takes a file of one';
        return { offset, what, remedy: 'Keep one document.' };
      }
      case 'TAB_AS_INDENT':
        return { offset, what: 'a tab in the indentation', remedy: 'Indent by spaces, two a level.' };
      default:
        return { offset, what: noYaml(message) };
    }
  });
}

/** The library recurses: text that is nothing but brackets exhausts the stack. */
function noYaml(message: string): string {
  return /call stack/i.test(message) ? 'it is nested too deeply' : `it is no YAML: ${message.split('\n', 1)[0]}`;
}

/** What a config.yaml has on top (Settings of edgelet-core and edgelet-docker, 1.0.10 to 1.1); everything else is ignored in silence. */
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
    if (offset > 0 && text[offset - 1] !== '\n') problems.push({ offset, what: `"${name}:" does not begin its line` });
    if (name !== lower && topLevel.has(lower)) problems.push({ offset, what: `"${name}": expected "${lower}"` });
  }
  for (const path of maps) {
    const setting = settingAt(settings, path.split('.'));
    if (setting === undefined || setting.map !== undefined || setting.scalar === null) continue;
    problems.push({ offset: setting.key, what: `${path}: expected settings of its own, indented by two spaces` });
  }
  return problems;
}

function problemsOfProvisioning(section: Setting | undefined): readonly Problem[] {
  if (section === undefined) return [];
  if (section.map === undefined) {
    const remedy = 'Indent its settings by two spaces, or put "# " before the line.';
    return [{ offset: section.key, what: 'provisioning: expected settings of its own', remedy }];
  }
  const { entries } = section.map;
  const problems: Problem[] = [];
  const authentication = entries.get('authentication');
  if (authentication !== undefined && entries.has('device_connection_string')) {
    problems.push({
      offset: authentication.key,
      what: 'provisioning has both device_connection_string and authentication; the runtime refuses them together',
      remedy: 'Put "# " before the lines of one of them.',
    });
  }
  const dynamic = entries.get('dynamic_reprovisioning');
  if (dynamic !== undefined && typeof dynamic.scalar !== 'boolean') {
    problems.push({ offset: dynamic.key, what: 'dynamic_reprovisioning: expected true or false, without quotes' });
  }
  return problems;
}

/** Lines can be edited by themselves only where nothing else refers to them. What is inside the old section goes with it. */
function problemsOfReferences(document: ParsedDocument, section: Setting | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  const tell = (offset: number, what: string, remedy: string) => {
    const inside = section !== undefined && offset >= section.key && offset < section.lineEnd;
    if (!inside) problems.push({ offset, what, remedy });
  };
  visit(document, {
    Alias(_, { source, range }) {
      const what = `the alias *${source} repeats a value from another place, which may be about to change`;
      tell(range?.[0] ?? 0, what, 'Write the value itself.');
    },
    Pair(_, { srcToken }) {
      if (srcToken === undefined || srcToken.sep?.some(({ type }) => type === 'map-value-ind')) return;
      const offset = srcToken.key !== undefined && srcToken.key !== null ? srcToken.key.offset : 0;
      tell(offset, 'a key without a colon behind it', 'Write "key: value".');
    },
  });
  return problems;
}
