import { createScanner } from 'jsonc-parser';

/** Names behind a dollar sign that mean something to IoT Edge or to the hub, and are no placeholders. */
const ownNames =
  'upstream|body|applicationProperties|connection|system|twin|edgeAgent|edgeHub|metadata|version|schema|default|iothub|dt|aggregates|content|message';

const forms = [
  // ${X}, ${MODULES.x.amd64}, ${MODULEDIR<../x>}
  String.raw`\$\{[^{}"\r\n]*\}`,
  // $X, but not $upstream or a dollar sign in a word
  String.raw`(?<![\w$\\])\$(?!(?:${ownNames}))[A-Za-z_]\w*`,
  // <image>
  String.raw`<[A-Za-z][\w .:/-]*>`,
  // __X__, but not Logging__LogLevel__Default
  String.raw`(?<![\w])__[A-Za-z]\w*?__(?!\w)`,
  String.raw`#\{[^{}"\r\n]+\}#`,
];
const anyForm = new RegExp(forms.join('|'), 'g');
/** For texts with tags that are closed, as HTML has them: nothing in angle brackets is a placeholder there. */
const noTags = new RegExp(forms.filter((form) => !form.startsWith('<')).join('|'), 'g');
const startForm = new RegExp(forms.join('|'), 'y');
/** The signs that a placeholder begins with. Most texts have none of them. */
const signs = /[$<#]|__/;

export function hasPlaceholder(text: string): boolean {
  return signs.test(text) && text.search(formIn(text)) >= 0;
}

function formIn(text: string): RegExp {
  return text.includes('</') ? noTags : anyForm;
}

/** The first placeholder that a tool would have filled in. A lower-case name behind a dollar sign may as well be text. */
export function leftOver(text: string): string | undefined {
  if (!signs.test(text)) return undefined;
  return [...text.matchAll(formIn(text))].map(([found]) => found).find((found) => !/^\$[A-Za-z_]*[a-z]/.test(found));
}

/** A text with placeholders outside of its quotes, as JSON: each of them is a text of the same length. */
export interface Filled {
  readonly text: string;
  /** Where they stand. */
  readonly bare: ReadonlySet<number>;
}

/** Puts placeholders that stand without quotes between quotes, so that the rest can be read. */
export function withQuotes(text: string): Filled {
  const bare = new Set<number>();
  if (!signs.test(text)) return { text, bare };
  const parts: string[] = [];
  let from = 0;
  const scanner = createScanner(text, true);
  for (let token = scanner.scan(); scanner.getTokenOffset() < text.length; token = scanner.scan()) {
    const at = scanner.getTokenOffset();
    if (token !== unknownToken) continue;
    startForm.lastIndex = at;
    const [found] = startForm.exec(text) ?? [];
    if (found === undefined || found.length < 2) continue;
    bare.add(at);
    parts.push(text.slice(from, at), `"${found.slice(1, -1).replace(/["\\\p{Cc}]/gu, ' ')}"`);
    from = at + found.length;
    scanner.setPosition(from);
  }
  return bare.size === 0 ? { text, bare } : { text: parts.join('') + text.slice(from), bare };
}

/** `SyntaxKind.Unknown` of the parser, which has it as a type alone. */
const unknownToken = 16;
