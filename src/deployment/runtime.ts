/** What differs between the versions of edgeAgent and edgeHub in how they read a deployment. */
export interface Runtime {
  /** As people see it: `1.5`. */
  readonly name: string;
  /** DockerConfig.cs: `$upstream:PORT` is known, and any other image that begins with `$` is refused. From 1.2 on. */
  readonly knowsUpstream: boolean;
  /** The key in a module's settings beside image and createOptions. */
  readonly settingsKey: 'notaryContentTrust' | 'digest';
  /** RestartPolicyKind.cs: up to 1.4.19 the names are those of the source, so that `on-failure` is unknown. */
  readonly restartWords: 'source' | 'docker';
  /** How deep createOptions may nest: MaxDepth of Newtonsoft.Json 13, or what the SDK sets. */
  readonly levels: number;
  /** EdgeAgentConnection.cs: 1.2 to 1.4 refuse a signed deployment unless the device has a manifest trust bundle. */
  readonly integrity: 'unknown' | 'needs-bundle' | 'known';
  /** EdgeHubConfigParser.cs: from 1.2 on each schemaVersion has a form of its own. */
  readonly hubForms: 'one' | 'by-schema';
}

const old: Runtime = {
  name: '1.1',
  knowsUpstream: false,
  settingsKey: 'notaryContentTrust',
  restartWords: 'source',
  levels: Number.POSITIVE_INFINITY,
  integrity: 'unknown',
  hubForms: 'one',
};

const v14: Runtime = {
  name: '1.4',
  knowsUpstream: true,
  settingsKey: 'digest',
  restartWords: 'docker',
  levels: 128,
  integrity: 'needs-bundle',
  hubForms: 'by-schema',
};

const v15: Runtime = { ...v14, name: '1.5', integrity: 'known' };
const v16: Runtime = { ...v15, name: '1.6', levels: 64 };

/** The versions whose parsers were run. */
export const recorded = { '1.1.15': old, '1.4.43': v14, '1.5.44': v15, '1.6.1': v16 } as const satisfies Record<
  string,
  Runtime
>;

/** https://learn.microsoft.com/azure/iot-edge/version-history: what a deployment is judged by if it names no version. */
export const currentLongTerm: Runtime = v15;

/**
 * The runtimes of a version, of which each has to refuse what is refused. 1.2 and 1.3 are between those that were run, and agree with
 * none of them in all.
 * @param text `1`, `1.5` or `1.4.20`
 */
export function runtimesOf(text: string): readonly Runtime[] | undefined {
  const match = /^1\.(\d+)(?:\.(\d+))?(?:\.\d+)*$/.exec(text);
  if (match === null) return undefined;
  const [, minorText = '', patch] = match;
  const minor = Number(minorText);
  const named = (runtime: Runtime): readonly Runtime[] => [{ ...runtime, name: text }];
  if (minor <= 1) return named(old);
  if (minor <= 3) return [old, v14, v15, v16].map((runtime) => ({ ...runtime, name: text }));
  if (minor === 4) return named(patch !== undefined && Number(patch) < 20 ? { ...v14, restartWords: 'source' } : v14);
  return named(minor === 5 ? v15 : v16);
}

/**
 * The version in the tag of an image of edgeAgent or edgeHub: `1.N[.N…][-os-arch]`, whatever the registry. Undefined for tags of other
 * forms, and for versions that do not exist.
 */
export function versionOfImage(image: string): string | undefined {
  const tag = /:([^/:@]+)(?:@[^/]*)?$/.exec(image.trim())?.[1];
  const version = /^(1\.\d{1,3}(?:\.\d{1,5})*)(?:-[\w.-]+)?$/.exec(tag ?? '')?.[1];
  return version === undefined || Number(version.split('.')[1]) > 6 ? undefined : version;
}
