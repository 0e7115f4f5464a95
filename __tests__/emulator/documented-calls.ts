import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = readFileSync(join(import.meta.dirname, '../../docs/embedded-hub.md'), 'utf8');

/** The calls in a section of docs/embedded-hub.md, each in code: `GET /a`, or `GET`, `PUT /a`, which are two. Queries are left out. */
export function documentedCalls(title: string): readonly string[] {
  const [, text = ''] = docs.split(`## ${title}\n`);
  const section = text.split('\n## ')[0] ?? '';
  const lines = [...section.matchAll(/((?:`[A-Z]+`, )*`[A-Z]+ \/[^`]*`)/g)].map(([, line = '']) => line);
  return lines.flatMap((line) => {
    const parts = [...line.matchAll(/`([^`]*)`/g)].map(([, part = '']) => part);
    const path = parts.at(-1)?.split(' ')[1]?.split('?')[0] ?? '';
    return parts.map((part) => `${part.split(' ')[0]} ${path}`);
  });
}
