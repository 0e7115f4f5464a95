import type { Finding } from '../model/finding.ts';
import { shellWord } from '../rules/shell.ts';

/**
 * The findings with the commands of their remedies as the user can type them: files named from the current folder, not from the root
 * of the workspace.
 * @param path names a file of the workspace as seen from the current folder
 */
export function seenFrom(findings: readonly Finding[], path: (file: string) => string): readonly Finding[] {
  return findings.map((finding) => {
    const { remedy, commandFiles = [] } = finding;
    const words = new Map(commandFiles.map((file) => [shellWord(file), shellWord(path(file))]));
    const changed = [...words].filter(([from, to]) => from !== to).map(([from]) => escaped(from));
    if (changed.length === 0) return finding;
    // In one pass, so that the name of one file is not sought within that of another.
    const word = new RegExp(`(?<=[\\s>(])(?:${changed.join('|')})(?=[\\s,;)]|\\.(?:\\s|$)|$)`, 'g');
    return { ...finding, remedy: remedy.replace(word, (found) => words.get(found) ?? found) };
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
