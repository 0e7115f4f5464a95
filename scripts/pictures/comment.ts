import { pageOf } from '../../__tests__/support/page.ts';
import { type Content, el, html } from '../../src/report/html/element.ts';

const style = `
body { margin: 0; background: #fff; color: #1f2328; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }
#picture { width: 860px; border: 1px solid #d1d9e0; border-radius: 6px; margin: 8px; background: #fff }
header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; color: #59636e; border-radius: 6px 6px 0 0 }
header b { color: #1f2328 }
article { padding: 16px }
h3, h4 { margin: 0 0 12px; line-height: 1.25 } h3 { font-size: 1.25em } h4 { margin-top: 20px }
p { margin: 0 0 12px } a { color: #0969da; text-decoration: none } sub { font-size: 12px }
code, pre { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; background: #f6f8fa; border-radius: 6px }
code { padding: .2em .4em } .add { color: #116329 } .remove { color: #82071e } .other { color: #953800 }
pre { padding: 16px; line-height: 1.45; white-space: pre-wrap } ul { padding-left: 24px; margin: 0 0 12px }
table { border-collapse: collapse } td, th { border: 1px solid #d1d9e0; padding: 6px 13px }
`;

type Node = ReturnType<typeof pageOf> | Extract<ReturnType<typeof pageOf>, { children: unknown }>['children'][number];

/** A comment as GitHub shows it. */
export function commentPage(markdown: string): string {
  const header = el('header', {}, el('b', {}, 'github-actions'), ' bot commented now');
  const body = el('div', { id: 'picture' }, header, el('article', {}, contentOf(pageOf(markdown))));
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>${html(body)}`;
}

function contentOf(node: Node): Content {
  if (node.type === 'text') return node.value;
  if (!('children' in node)) return undefined;
  const children = node.children.map(contentOf);
  if (node.type === 'element' && node.tagName === 'pre') return el('pre', {}, children.flatMap(coloured));
  if (node.type !== 'element') return children;
  return el(node.tagName, node.tagName === 'details' ? { open: true } : {}, children);
}

const colours: Readonly<Record<string, string>> = { '+': 'add', '-': 'remove', '!': 'other' };

/** The lines of a difference, which GitHub colours by the sign that each begins with. */
function coloured(content: Content): readonly Content[] {
  if (typeof content !== 'string') return [content];
  return content
    .split('\n')
    .map((line, index) => [index === 0 ? '' : '\n', el('span', { class: colours[line.charAt(0)] }, line)]);
}
