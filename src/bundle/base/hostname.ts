import type { Finding, Subject } from '../../model/finding.ts';
import { finding } from '../../rules/rules.ts';
import { ownName } from '../config/own-name.ts';
import { judgeName } from '../judge/hostname.ts';
import type { Base } from './base.ts';
import type { BaseFile } from './file.ts';

/** The host name that the file gives to its devices. Undefined if it has none, or the placeholder of the package or of a bundle. */
export function hostnameOfBase(base: BaseFile): string | undefined {
  const hostname = textIn(base);
  if (typeof hostname !== 'string' || hostname.trim() === '' || hostname === ownName) return undefined;
  return /^\s*<.*>\s*$/.test(hostname) ? undefined : hostname;
}

function textIn(base: BaseFile): unknown {
  if (base.form === 'config.yaml') return base.settings.entries.get('hostname')?.scalar;
  const value = base.root.entries.get('hostname')?.value;
  return value?.kind === 'text' ? value.value : undefined;
}

/** Judges the host name in the file, for devices that have none in the manifest. */
export function judgeBaseHostname(base: Base, subject: Subject): readonly Finding[] {
  const setting = base.settings.entries.get('hostname');
  if (setting === undefined) return [];
  const at = { ...subject, place: base.place(setting.key) };
  const { scalar } = setting;
  if ((typeof scalar !== 'string' && scalar !== null) || /\p{Cc}/u.test(scalar ?? '')) {
    return [finding('config/base', { path: base.path, problem: { kind: 'hostname' } }, at)];
  }
  const hostname = hostnameOfBase(base);
  return hostname === undefined ? [] : judgeName(hostname, { key: `hostname in ${base.path}`, of: 'iotedge' }, at);
}
