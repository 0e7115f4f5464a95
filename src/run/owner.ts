import { type Owner, ownerOf, sameOwner } from '../model/owner.ts';
import { runFault } from './faults.ts';
import type { SettingReader } from './setting-reader.ts';

/** Where a door learns which repository a run belongs to. A manifest cannot say it. */
export interface OwnerSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Returns the URL of the remote `origin`; nothing if there is none. Asked only outside of a workflow. */
  readonly origin: () => Promise<string | undefined>;
}

/**
 * Reads the owner of this run. In a workflow it is the workflow's repository. Elsewhere it is the setting `owner`, or the repository
 * that the remote `origin` names. Gives nothing if none of them names a repository.
 */
export async function readOwner(reader: SettingReader, sources?: OwnerSources): Promise<Owner | undefined> {
  const given = reader.text('owner');
  const named = given === '' ? undefined : ownerNamed(given);
  if (given !== '' && named === undefined) reader.refuse(runFault('not-an-owner', { given }));
  if (sources?.env.GITHUB_ACTIONS === 'true') {
    const ours = ownerOfWorkflow(sources.env);
    if (named !== undefined && !sameOwner(named, ours)) reader.refuse(runFault('owner-of-workflow', {}));
    return ours;
  }
  if (given !== '' || sources === undefined) return named;
  const url = await sources.origin();
  return url === undefined ? undefined : ownerOfRemote(url);
}

/** Reads the variables that every job of GitHub Actions has. Older servers do not give the id. */
function ownerOfWorkflow(env: OwnerSources['env']): Owner | undefined {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: name = '', GITHUB_REPOSITORY_ID: id } = env;
  if (!URL.canParse(server)) return undefined;
  return ownerOf(new URL(server).hostname, name, id);
}

/** Reads `github.com/contoso/fleet`. */
function ownerNamed(text: string): Owner | undefined {
  const [, server = '', name = ''] = /^([^/]+)\/([^/]+\/[^/]+)$/.exec(text) ?? [];
  return ownerOf(server, name);
}

/**
 * Reads the URL of a remote: `https://github.com/contoso/fleet.git`, `ssh://git@github.com:22/contoso/fleet` or
 * `git@github.com:contoso/fleet.git`. Leaves out user, password, port and `.git`. A folder of this machine is no owner.
 */
export function ownerOfRemote(url: string): Owner | undefined {
  const [, host, path] = /^(?:[^@/:]+@)?([^@/:]+):(?!\/\/)(.+)$/.exec(url) ?? [];
  if (host !== undefined && path !== undefined) return ownerAt(host, path);
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, pathname } = new URL(url);
  return /^(https?|ssh|git):$/.test(protocol) ? ownerAt(hostname, pathname) : undefined;
}

function ownerAt(host: string, path: string): Owner | undefined {
  // GitHub also takes SSH at ssh.github.com, port 443.
  const server = host.toLowerCase() === 'ssh.github.com' ? 'github.com' : host;
  return ownerOf(
    server,
    path
      .replace(/^\/+/, '')
      .replace(/\/+$/, '')
      .replace(/\.git$/, ''),
  );
}
