/**
 * Elements of a page as values. The page writes them as text, and its script makes nodes of them. A text is always a text: nothing that a
 * manifest says can become an element or an attribute.
 */
export interface Element {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly content: Content;
}

/** `true` is an attribute without a value. Undefined and `false` are none. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
export type Content = Element | string | undefined | readonly Content[];

export function el(tag: string, attributes: Attributes = {}, ...content: readonly Content[]): Element {
  return { tag, attributes, content };
}

/** Elements that have no end tag. */
const empty: ReadonlySet<string> = new Set(['br', 'hr', 'input', 'link', 'meta', 'col']);

/** Writes content as HTML. */
export function html(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeHtml(content);
  if (!isElement(content)) return content.map(html).join('');
  const { tag, attributes } = content;
  const written = Object.entries(attributes).map(([name, value]) => {
    if (value === undefined || value === false) return '';
    return value === true ? ` ${name}` : ` ${name}="${escapeHtml(String(value))}"`;
  });
  const start = `<${tag}${written.join('')}>`;
  return empty.has(tag) ? start : `${start}${html(content.content)}</${tag}>`;
}

export function isElement(content: Element | readonly Content[]): content is Element {
  return 'tag' in content;
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => references[character] ?? '');
}
