import type { ForeignForm } from '../model/foreign-form.ts';
import type { Unread } from '../model/workspace.ts';
import { foreignFormRemedy, foreignFormText } from './foreign-form.ts';

/** Why a manifest cannot be read, or a place in it. */
export type SyntaxFault =
  /** `detail`: the words of the workspace. */
  | { readonly kind: 'unread'; readonly file: string; readonly why: Unread; readonly detail: string }
  | { readonly kind: 'not-utf8' | 'no-format' | ForeignForm; readonly file: string }
  /** `message`: the words of the parser. */
  | { readonly kind: 'parser'; readonly message: string }
  /** `code`: the parser's name for the error, such as `CommaExpected`. */
  | { readonly kind: 'json'; readonly code: string }
  | { readonly kind: 'too-deep'; readonly levels: number }
  | { readonly kind: 'too-many-aliased'; readonly most: number }
  | { readonly kind: 'too-many'; readonly what: keyof typeof counted; readonly most: number }
  | { readonly kind: 'key-too-long'; readonly most: number }
  | { readonly kind: 'row-too-long'; readonly most: number }
  /** What the devices come to with all that they inherit. */
  | { readonly kind: 'grows'; readonly what: 'values' | 'characters'; readonly most: number }
  /** The faults that are not told. */
  | { readonly kind: 'more-faults' }
  | { readonly kind: 'alias-unknown' | 'alias-inside-itself'; readonly alias: string }
  | { readonly kind: 'key-twice'; readonly key: string }
  | { readonly kind: 'column-twice'; readonly column: string }
  /** `cell`: its text, shortened. */
  | { readonly kind: 'cell-without-column'; readonly cell: string }
  | { readonly kind: 'quote-not-closed' | 'text-behind-quote' | 'quote-in-cell' };

/** Says what is wrong, as a clause. */
export function syntaxText(fault: SyntaxFault): string {
  switch (fault.kind) {
    case 'unread':
      return `${fault.file} cannot be read: ${fault.detail}`;
    case 'not-utf8':
      return `${fault.file} is not text in UTF-8`;
    case 'lfs-pointer':
    case 'utf-16':
      return `${fault.file} is not a manifest: ${foreignFormText[fault.kind]}`;
    case 'no-format':
      return `${fault.file} is not a manifest: expected a name that ends in .yaml, .yml, .json or .csv`;
    case 'parser':
      return fault.message;
    case 'json':
      return `not JSON: ${asWords(fault.code)}`;
    case 'too-deep':
      return `nested deeper than ${fault.levels} levels, expected a manifest`;
    case 'too-many-aliased':
      return `aliases expand to more than ${fault.most} values, expected a manifest that is written out`;
    case 'too-many':
      return `more than ${fault.most} ${counted[fault.what]}, expected a manifest of a fleet`;
    case 'key-too-long':
      return `a key of more than ${fault.most} characters, expected a name`;
    case 'row-too-long':
      return `a row of more than ${fault.most} bytes, expected a device`;
    case 'grows':
      return `the devices come to more than ${fault.most} ${fault.what} with what they inherit`;
    case 'more-faults':
      return 'there are more faults of this kind from here on, which are not shown';
    case 'alias-unknown':
      return `alias *${fault.alias} names no anchor above it`;
    case 'alias-inside-itself':
      return `alias *${fault.alias} is inside the value that it names`;
    case 'key-twice':
      return `key "${fault.key}" stands twice in one map`;
    case 'column-twice':
      return `column "${fault.column}" stands twice in the header`;
    case 'cell-without-column':
      return `the cell ${JSON.stringify(fault.cell)} has no column name above it; put a value with the separator in quotes`;
    case 'quote-not-closed':
      return 'the quote that opens this cell is never closed';
    case 'text-behind-quote':
      return 'this cell goes on behind its closing quote; a quote inside a quoted cell is written twice ("")';
    case 'quote-in-cell':
      return 'this cell holds a quote; put the whole cell in quotes and write the quote in it twice ("")';
  }
}

/** Says what to do about it. */
export function syntaxRemedy(fault: SyntaxFault): string {
  switch (fault.kind) {
    case 'unread':
      return unreadRemedies[fault.why];
    case 'not-utf8':
      return 'Save it as UTF-8.';
    case 'lfs-pointer':
    case 'utf-16':
      return foreignFormRemedy[fault.kind];
    case 'no-format':
      return 'Rename it.';
    case 'too-many':
      return fault.what === 'devices'
        ? 'Provision the fleet in several runs, each with manifests of its own.'
        : 'Remove everything that is not part of the fleet, or split the manifest: several manifests make one fleet.';
    case 'key-too-long':
    case 'row-too-long':
      return 'Shorten it, or correct the line: a quote or a line break may be missing.';
    case 'grows':
      return 'Write less in defaults, and give a value only to the devices that need it; or provision the fleet in several runs.';
    case 'more-faults':
      return 'Correct the faults that are shown, and run it again.';
    default:
      return "Correct the line; an editor with the manifest's JSON Schema shows such mistakes while you type.";
  }
}

const counted = {
  parts: 'keys, values and signs',
  keys: 'keys in one map',
  columns: 'columns',
  cells: 'cells',
  devices: 'devices',
} as const;

const unreadRemedies = {
  missing: 'Correct the path of the manifest.',
  outside: 'Keep the manifest in the repository, and name it by a path inside.',
  'too-large': 'Cut it into several manifests: together they make one fleet.',
  unreadable: 'Name a file that can be read.',
} as const;

/** `CommaExpected` → `comma expected`. */
function asWords(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}
