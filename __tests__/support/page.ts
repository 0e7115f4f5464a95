import { raw } from 'hast-util-raw';
import { sanitize } from 'hast-util-sanitize';
import { toText } from 'hast-util-to-text';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toHast } from 'mdast-util-to-hast';
import { gfm } from 'micromark-extension-gfm';

type Page = ReturnType<typeof sanitize>;

/** Returns a page as GitHub shows it: GitHub's Markdown, with the HTML that survives its filter of dangerous markup. */
export function pageOf(markdown: string): Page {
  const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  return sanitize(raw(toHast(tree, { allowDangerousHtml: true })));
}

/** The text that a reader sees, also in what is folded. */
export function textOf(page: Page): string {
  return toText(page);
}

/** The texts of all elements with one of these names, in their order. */
export function elementsOf(page: Page, ...names: readonly string[]): readonly string[] {
  if (!('children' in page)) return [];
  return page.children.flatMap((child) => {
    const inner = child.type === 'element' ? elementsOf(child, ...names) : [];
    return child.type === 'element' && names.includes(child.tagName) ? [toText(child), ...inner] : inner;
  });
}
