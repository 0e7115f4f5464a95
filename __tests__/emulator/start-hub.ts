import { type Authority, makeAuthority } from '../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, type HubOptions, startHub as start } from '../../src/emulator/hub.ts';

let authority: Promise<Authority> | undefined;

/** Starts an embedded hub. All hubs of one test file share one CA, since new keys are most of what a start costs. */
export async function startHub(options: HubOptions = {}): Promise<EmbeddedHub> {
  authority ??= makeAuthority(new Date());
  return start({ authority: await authority, ...options });
}
