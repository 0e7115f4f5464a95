import { yamlEntries, yamlFlow, yamlLines } from '../config/yaml-lines.ts';
import type { Base } from './base.ts';
import { lineEndOf, type Setting, type Settings } from './settings.ts';

export interface BaseEdits {
  readonly provisioning: {
    /** Host name of the hub, without a port. */
    readonly hub: string;
    readonly deviceId: string;
    /** `file:` URIs on the device. */
    readonly certificate: string;
    readonly privateKey: string;
    /** If absent, the value of the old section is kept; without one it is false. */
    readonly dynamicReprovisioning?: boolean;
  };
  /**
   * Settings outside `provisioning` to replace or add. `value` is a JSON value. No path is the beginning of another.
   */
  readonly set: readonly { readonly path: readonly string[]; readonly value: unknown }[];
}

/**
 * The text of the base for one device. The old `provisioning:` section becomes a comment and the new one goes below it.
 * The settings of `set` go to their places. All other bytes stay as they are. Strings are double-quoted as in JSON.
 */
export function editBase(base: Base, edits: BaseEdits): string {
  const { section, text, newline } = base;
  const written = yamlLines({ provisioning: provisioningOf(base, edits.provisioning) }, 0).join(newline);
  const splices = [
    ...changes(base, base.settings, tree(edits.set)),
    { start: section.start, end: section.end, text: section.before + written },
  ];
  return base.byteOrderMark + spliced(text, splices);
}

function provisioningOf({ dynamicReprovisioning }: Base, edit: BaseEdits['provisioning']): object {
  return {
    source: 'manual',
    authentication: {
      method: 'x509',
      iothub_hostname: edit.hub,
      device_id: edit.deviceId,
      identity_cert: edit.certificate,
      identity_pk: edit.privateKey,
    },
    dynamic_reprovisioning: edit.dynamicReprovisioning ?? dynamicReprovisioning ?? false,
  };
}

type Splice = { readonly start: number; readonly end: number; readonly text: string };

/** Applies splices that do not overlap. Splices at the same offset keep their order. */
function spliced(text: string, splices: readonly Splice[]): string {
  let result = '';
  let done = 0;
  for (const splice of splices.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(done, splice.start) + splice.text;
    done = splice.end;
  }
  return result + text.slice(done);
}

/** The settings to write, nested like the file: a branch if there are settings below, else a value. */
type Wanted = Branch | { readonly value: unknown };
type Branch = Map<string, Wanted>;

function tree(set: BaseEdits['set']): Branch {
  const root: Branch = new Map();
  for (const { path, value } of set) {
    let branch = root;
    for (const name of path.slice(0, -1)) {
      const below = branch.get(name);
      const next: Branch = below instanceof Map ? below : new Map();
      branch.set(name, next);
      branch = next;
    }
    branch.set(path.at(-1) ?? '', { value });
  }
  return root;
}

function plain(wanted: Wanted): unknown {
  return wanted instanceof Map ? plainMap(wanted) : wanted.value;
}

function plainMap(branch: Branch): object {
  return Object.fromEntries([...branch].map(([name, below]) => [name, plain(below)]));
}

/** Inner changes come first: at the end of a section, its own new lines go before those of the surrounding section. */
function changes(base: Base, settings: Settings, branch: Branch): readonly Splice[] {
  const splices: Splice[] = [];
  const added: Branch = new Map();
  for (const [name, wanted] of branch) {
    const setting = settings.entries.get(name);
    const inside = setting?.map;
    if (setting === undefined) added.set(name, wanted);
    else if (wanted instanceof Map && inside !== undefined && inside.entries.size > 0) {
      splices.push(...changes(base, inside, wanted));
    } else splices.push(...replacement(base, settings, setting, plain(wanted)));
  }
  if (added.size > 0) splices.push(addition(base, settings, plainMap(added)));
  return splices;
}

function addition({ text: whole, newline, gap }: Base, { style, indent, room }: Settings, added: object): Splice {
  const at = (text: string): Splice => ({ start: room, end: room, text });
  if (style === 'flow') return at(`${yamlEntries(added).join(', ')},${/\s/.test(whole.charAt(room)) ? '' : ' '}`);
  const lines = yamlLines(added, indent).join(newline);
  return at(newline + (indent === 0 ? gap : '') + lines);
}

function replacement(base: Base, { style, indent }: Settings, setting: Setting, value: unknown): readonly Splice[] {
  const { text, newline } = base;
  const { colonEnd, valueStart, valueEnd, lineEnd } = setting;
  const lines = isBlock(value) ? newline + yamlLines(value, indent + 2).join(newline) : undefined;
  const between = text.slice(colonEnd, valueStart);
  if (style === 'flow') return [{ start: colonEnd, end: valueEnd, text: ` ${yamlFlow(value)}` }];
  if (between.includes('\n')) {
    // The value is on lines of its own. A comment behind the colon is kept.
    const keyLineEnd = lineEndOf(text, colonEnd);
    if (lines !== undefined) return [{ start: keyLineEnd, end: lineEnd, text: lines }];
    return [
      { start: colonEnd, end: colonEnd, text: ` ${yamlFlow(value)}` },
      { start: keyLineEnd, end: lineEnd, text: '' },
    ];
  }
  if (lines === undefined) return [{ start: colonEnd, end: valueEnd, text: (between || ' ') + yamlFlow(value) }];
  return [
    { start: colonEnd, end: valueEnd, text: '' },
    { start: lineEnd, end: lineEnd, text: lines },
  ];
}

/** Whether the value is a map with entries. Such a map is written on lines of its own. */
function isBlock(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
