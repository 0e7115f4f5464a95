import type { Device } from '../../model/fleet.ts';
import { generationOf } from '../judge/runtime.ts';
import type { Base } from './base.ts';
import type { TomlBase } from './toml/base.ts';

/** A file of `config.base` that can be edited. */
export type BaseFile = Base | TomlBase;

/** The form that a device's runtime reads. */
export function formOf({ runtime }: Device): BaseFile['form'] {
  return generationOf(runtime.version) === 'aziot' ? 'config.toml' : 'config.yaml';
}

/** The file of a device, undefined if it names none or one that cannot be edited. */
export function baseOf(device: Device, bases: ReadonlyMap<string, BaseFile> | undefined): BaseFile | undefined {
  const base = device.config.base === undefined ? undefined : bases?.get(device.config.base);
  return base?.form === formOf(device) ? base : undefined;
}
