import type { Device } from '../model/fleet.ts';
import type { BaseFile } from './base/file.ts';
import type { KeyModule } from './install/linux.ts';
import { readModuleUri } from './judge/pkcs11-uri.ts';
import type { Places } from './judge/places.ts';

/** The security module that holds keys of a device, or makes new ones. Undefined if none does: then no library is loaded. */
export function moduleOf({ config }: Device, places: Places, base: BaseFile | undefined): KeyModule | undefined {
  const library = config.pkcs11?.library ?? librarySaidIn(base);
  const uris = [places.privateKey.uri, places.edgeCa?.privateKey.uri, config.pkcs11?.baseSlot];
  const read = uris.flatMap((uri) => {
    const found = uri === undefined ? 'module-scheme' : readModuleUri(uri);
    return typeof found === 'string' ? [] : [found];
  });
  if (library === undefined || /\p{Cc}/u.test(library) || read.length === 0) return undefined;
  // A label has no line breaks; a URI can have one all the same.
  const tokens = read.flatMap(({ token }) => (token === undefined || /\p{Cc}/u.test(token) ? [] : [token]));
  const slots = read.flatMap(({ slot }) => (slot === undefined ? [] : [slot.replace('+', '')]));
  return { library, tokens: [...new Set(tokens)], slots: [...new Set(slots)] };
}

function librarySaidIn(base: BaseFile | undefined): string | undefined {
  if (base?.form !== 'config.toml') return undefined;
  const keys = base.root.entries.get('aziot_keys')?.value;
  const library = keys?.kind === 'table' ? keys.entries.get('pkcs11_lib_path')?.value : undefined;
  return library?.kind === 'text' && typeof library.value === 'string' ? library.value : undefined;
}
