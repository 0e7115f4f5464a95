import { decodeText } from '../manifest/source.ts';
import type { Finding } from '../model/finding.ts';
import type { Texts } from '../model/texts.ts';
import type { Workspace } from '../model/workspace.ts';
import { setupOf } from './content/setup.ts';
import { recognize } from './form.ts';
import { readText } from './json/read.ts';
import { FileText } from './judge.ts';
import { most } from './limits.ts';
import { type Problem, problem } from './problem.ts';

/** The files of an earlier commit. */
export interface Earlier {
  readonly workspace: Workspace;
  /** The old names of files that were renamed since, by their new names. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * createOptions that have fewer pieces than at an earlier commit: the hub lays a deployment over what is there, so that the other old
 * pieces stay in force (https://github.com/Azure/iotedge/issues/7489).
 */
export function fewerPieces(
  files: readonly string[],
  now: Workspace,
  { workspace, renamed }: Earlier,
  texts: Texts,
): readonly Finding[] {
  return files.flatMap((file) => {
    const before = readFrom(workspace, renamed.get(file) ?? file);
    // Few deployments have pieces, and nothing else is compared.
    if (before === undefined || !/createOptions\d/i.test(before)) return [];
    const text = readFrom(now, file);
    if (text === undefined || text === before) return [];
    const source = new FileText(file, text);
    const problems = compared(before, text);
    if (problems.length > 0) texts.add(file, text);
    return problems.map(({ offset, make }) => make({ place: source.place(offset) }));
  });
}

function readFrom(workspace: Workspace, file: string): string | undefined {
  const read = workspace.read(file, most.bytes);
  return read.ok ? decodeText(read.bytes) : undefined;
}

function compared(before: string, text: string): readonly Problem[] {
  const earlier = new Map(modulesOf(before).map((module) => [module.name, module.pieces.length]));
  return modulesOf(text).flatMap(({ name, pieces, settings }) => {
    const were = earlier.get(name) ?? 0;
    if (settings === undefined || pieces.length >= were || pieces.length === 0) return [];
    const at = pieces.at(-1)?.value ?? settings;
    return [problem('deployment/fewer-pieces', { module: name, before: were, now: pieces.length }, at)];
  });
}

function modulesOf(text: string) {
  const read = readText(text);
  const recognized = read.kind === 'value' ? recognize(read.value) : undefined;
  return recognized?.kind === 'deployment' ? setupOf(recognized.deployment, false).modules : [];
}
