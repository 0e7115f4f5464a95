import { parse } from 'smol-toml';
import { type FileMap, isMap } from '../../config/file-settings.ts';
import type { TomlBase, TomlEdits, TomlSetting } from './base.ts';
import { editToml } from './edit.ts';
import { same } from './same.ts';
import { withoutNulls } from './write.ts';

/** Edits a file and reads the result again. Throws if any value differs from what is wanted. */
export function editTomlSafely(base: TomlBase, edits: TomlEdits): string {
  const text = editToml(base, edits);
  const wanted = [...edits.provisioning, ...edits.set].reduce(withSetting, without(base.parsed, 'provisioning'));
  const read = parse(text.slice(base.byteOrderMark.length), { integersAsBigInt: 'asNeeded' });
  if (!same(read, wanted)) throw new Error(`${base.path}: the edited text does not say what is wanted`);
  return text;
}

function without(settings: object, name: string): FileMap {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name));
}

function withSetting(settings: FileMap, { path: [name = '', ...rest], value }: TomlSetting): FileMap {
  const old = Object.hasOwn(settings, name) ? settings[name] : undefined;
  const below = isMap(old) && !(old instanceof Date) ? old : {};
  const next = rest.length === 0 ? withoutNulls(value) : withSetting(below, { path: rest, value });
  // An object literal would take __proto__ for something else.
  return Object.fromEntries([...Object.entries(settings).filter(([key]) => key !== name), [name, next]]);
}
