import type { FileMap } from '../../config/file-settings.ts';
import type { TomlBase } from './base.ts';
import { type CommentBlock, endOfBlock } from './comments.ts';
import { lineEndOf } from './tree.ts';
import { settingLine } from './write.ts';

interface Insertion {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Where new settings of the top of the file go: each below the comment that shows it (`# hostname = "my-device"` in the
 * template), the others below the last setting there. A setting behind a header would belong to that section.
 */
export function placeOfSetting(base: TomlBase, settings: FileMap): readonly Insertion[] {
  const { comments, firstHeader, newline, text } = base;
  const insertions: Insertion[] = [];
  const others: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const line = settingLine([name], value);
    const example = comments.find(
      ({ start, text: comment }) => start < firstHeader && shows(comment, name) === 'setting',
    );
    if (example === undefined) others.push(line);
    else insertions.push(insertion(lineEndOf(text, example.end), newline + line));
  }
  if (others.length > 0) insertions.push(atTop(base, others));
  return insertions;
}

/** Below the last setting at the top, else below the comment that the file begins with, else at the beginning. */
function atTop({ root, comments, newline, text }: TomlBase, lines: readonly string[]): Insertion {
  if (root.room > 0) return insertion(root.room, lines.map((line) => newline + line).join(''));
  const [first] = comments;
  const written = lines.join(newline);
  const end = first?.start === 0 ? endOfBlock({ comments, text }, lineEndOf(text, first.end)) : undefined;
  if (end === undefined) return insertion(0, written + newline + (text === '' ? '' : newline));
  return insertion(end, newline + newline + written);
}

/**
 * Where a new section goes: below the comment that shows it (`# [watchdog]`), else to the end of the file. Of several
 * comments, one about certificates counts before the others.
 * @param floor where the settings at the top end
 */
export function placeOfSection(
  { comments, newline, text }: TomlBase,
  { name, written, floor }: { readonly name: string; readonly written: string; readonly floor: number },
): Insertion {
  const shown = comments.filter(
    ({ last, start, block, text: comment }) =>
      last && block.spaced && start > floor && shows(comment, name) === 'section',
  );
  const blocks = new Map<CommentBlock, string>();
  for (const { start, block } of shown) if (!blocks.has(block)) blocks.set(block, text.slice(start, block.end));
  const ends = [...blocks].map(([{ end }, block]) => ({ end, fits: fits(block) }));
  const { end } = ends.find((one) => one.fits) ?? ends[0] ?? { end: lineEndOf(text, text.trimEnd().length) };
  return insertion(end, end === 0 ? written + newline + newline : newline + newline + written);
}

function shows(comment: string, name: string): 'setting' | 'section' | undefined {
  const shown = comment.replace(/^[#\s]+/, '');
  if (shown.trimEnd() === `[${name}]`) return 'section';
  return shown.startsWith(name) && /^\s*=/.test(shown.slice(name.length)) ? 'setting' : undefined;
}

/** The template shows four ways of provisioning, of which one is by certificate. */
function fits(block: string): boolean {
  return block.includes('"manual"') && block.includes('"x509"');
}

function insertion(offset: number, text: string): Insertion {
  return { start: offset, end: offset, text };
}
