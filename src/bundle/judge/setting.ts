import type { Device, DeviceSettingKey } from '../../model/fleet.ts';
import type { SectionKey } from '../../model/setting-key.ts';

/** A table with a row for each key of the manifest. Keys that have keys of their own may have rows of another kind. */
export type ForEachKey<Row, SectionRow = Row> = {
  readonly [Key in DeviceSettingKey]: Key extends SectionKey ? SectionRow : Row;
};

/** Reads the value of one key from devices, `undefined` where it is not set. `key` is one of `ForEachKey`. */
export function settingReader(key: string): (device: Device) => unknown {
  const names = key.split('.');
  return (device) => names.reduce<unknown>(valueIn, device);
}

function valueIn(map: unknown, name: string): unknown {
  return typeof map === 'object' && map !== null ? Reflect.get(map, name) : undefined;
}
