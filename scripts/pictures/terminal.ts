import { el, html } from '../../src/report/html/element.ts';

const style = `
body { margin: 0; background: #fff }
#picture { display: inline-block; padding: 24px 32px; background: #12161a; color: #e4e8ec; border-radius: 8px;
  font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; max-width: 920px }
.c1 { font-weight: 700 } .c2 { color: #9aa5b1 } .c31 { color: #ff8a80 } .c32 { color: #7ee2a8 } .c33 { color: #f5d76e } .c36 { color: #7fd7e8 }
`;

/** The lines of a terminal, with their colours, as a page. */
export function terminalPage(lines: readonly string[]): string {
  // A colour begins with ESC [ and its number, and ends in the same way.
  const parts = lines.join('\n').split('\u001b[');
  const spans = parts.map((part, index) => {
    if (index === 0) return part;
    const [, code = '', text = ''] = /^(\d+)m([\s\S]*)$/.exec(part) ?? [];
    return el('span', { class: `c${code}` }, text);
  });
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>${html(el('div', { id: 'picture' }, spans))}`;
}
