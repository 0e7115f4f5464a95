/** The module of the runtime that reads a part of a deployment. */
export type EdgeModule = 'edgeAgent' | 'edgeHub';

/**
 * When the runtime refuses something. `parse`, `schemaVersion`, `empty` and `integrity`: at once. `moduleSet` and `combine`: edgeAgent
 * takes the deployment, and fails whenever it applies it. `compile`: edgeHub takes the configuration, and fails at its condition.
 */
export type Stage = 'parse' | 'schemaVersion' | 'empty' | 'integrity' | 'moduleSet' | 'combine' | 'compile';

/** A value that the reader of the runtime does not take. */
export type ValueFault =
  /** `meant`: an unknown key that is nearly this one. */
  | { readonly kind: 'missing'; readonly key: string; readonly isNull: boolean; readonly meant?: string }
  | { readonly kind: 'type'; readonly key: string; readonly expected: string; readonly found: string }
  /** An entry of `env` that is a plain value. */
  | { readonly kind: 'env'; readonly key: string; readonly name: string; readonly found: string }
  | { readonly kind: 'word'; readonly key: string; readonly words: readonly string[]; readonly found: string }
  | { readonly kind: 'whole'; readonly key: string; readonly type: keyof typeof wholeTexts; readonly found: string }
  | { readonly kind: 'blank'; readonly key: string }
  | { readonly kind: 'priority'; readonly key: string; readonly found: string }
  /** `type` of a module or of the runtime. */
  | { readonly kind: 'docker'; readonly key: string; readonly found: string };

const wholeTexts = {
  int32: 'a whole number from -2147483648 to 2147483647, without a fraction',
  uint16: 'a whole number from 0 to 65535',
  uint32: 'a whole number from 0 to 4294967295',
  int64: 'a whole number of 64 bits',
  uint64: 'a whole number of 64 bits from 0 on',
} as const;

/** What was found and what was expected. */
export function valueFaultText(fault: ValueFault): string {
  switch (fault.kind) {
    case 'missing':
      if (fault.meant !== undefined)
        return `${fault.key} is missing, and the key ${JSON.stringify(fault.meant)} is unknown`;
      return fault.isNull ? `${fault.key} is null, expected a value` : `${fault.key} is missing`;
    case 'type':
      return `${fault.key}: expected ${fault.expected}, found ${fault.found}`;
    case 'env':
      return `${fault.key}: expected an object with the key value, found ${fault.found}`;
    case 'word':
      return `${fault.key}: expected one of ${fault.words.join(', ')}, found ${fault.found}`;
    case 'whole':
      return `${fault.key}: expected ${wholeTexts[fault.type]}, found ${fault.found}`;
    case 'blank':
      return `${fault.key} is blank, expected a text`;
    case 'priority':
      return `${fault.key}: expected a priority from 0 to 9, found ${fault.found}`;
    case 'docker':
      return `${fault.key}: expected "docker" in small letters, found ${fault.found}`;
  }
}

/** The corrected line, as far as it can be told. */
export function valueFaultRemedy(fault: ValueFault): string {
  const name = lastOf(fault.key);
  switch (fault.kind) {
    case 'missing':
      return fault.meant === undefined
        ? `Write ${example(name)}.`
        : `Write "${name}" for ${JSON.stringify(fault.meant)}.`;
    case 'type':
      return `Write ${fault.expected} there: ${example(name)}.`;
    case 'env':
      return /^_|comment/i.test(fault.name)
        ? `Remove "${fault.name}", or write the comment outside of env, as "_comment" beside it.`
        : `Write "${fault.name}": {"value": ${/^(null|an object|\{\}|a list|\[\])$/.test(fault.found) ? '"…"' : fault.found}}.`;
    case 'word':
      return `Write ${example(name)}, or another of these words.`;
    case 'whole':
      return Object.hasOwn(examples, name)
        ? `Write ${example(name)}.`
        : `Write "${name}": 1, or the number that is meant.`;
    case 'blank':
      return `Write ${example(name)}.`;
    case 'priority':
      return `Write "priority": 0 for the first, up to 9 for the last; leave it out for none.`;
    case 'docker':
      return 'Write "type": "docker".';
  }
}

function lastOf(key: string): string {
  return /([^.[\]]+)(?:\[\d+\])*$/.exec(key)?.[1] ?? key;
}

const examples: Readonly<Record<string, string>> = {
  schemaVersion: '"schemaVersion": "1.1"',
  runtime: '"runtime": {"type": "docker", "settings": {}}',
  systemModules: '"systemModules": {"edgeAgent": {…}, "edgeHub": {…}}',
  modules: '"modules": {"name": {…}}',
  type: '"type": "docker"',
  status: '"status": "running"',
  restartPolicy: '"restartPolicy": "always"',
  imagePullPolicy: '"imagePullPolicy": "on-create"',
  startupOrder: '"startupOrder": 1',
  Name: '"Name": "always"',
  settings: '"settings": {"image": "registry.example.com/name:1.0", "createOptions": "{}"}',
  image: '"image": "registry.example.com/name:1.0"',
  createOptions: String.raw`"createOptions": "{\"HostConfig\":{}}"`,
  env: '"env": {"NAME": {"value": "…"}}',
  value: '"value": "…"',
  registryCredentials: '"registryCredentials": {"name": {"address": "…", "username": "…", "password": "…"}}',
  address: '"address": "registry.example.com"',
  username: '"username": "…"',
  password: '"password": "…"',
  routes: '"routes": {"name": "FROM /messages/* INTO $upstream"}',
  route: '"route": "FROM /messages/* INTO $upstream"',
  storeAndForwardConfiguration: '"storeAndForwardConfiguration": {"timeToLiveSecs": 7200}',
  timeToLiveSecs: '"timeToLiveSecs": 7200',
  Binds: '"Binds": ["/host/path:/path"]',
  Env: '"Env": ["NAME=value"]',
  PortBindings: '"PortBindings": {"443/tcp": [{"HostPort": "443"}]}',
  ExposedPorts: '"ExposedPorts": {"443/tcp": {}}',
  Privileged: '"Privileged": true',
  Memory: '"Memory": 536870912 (bytes)',
  loggingOptions: String.raw`"loggingOptions": "{\"max-size\":\"10m\"}"`,
};

function example(name: string): string {
  return Object.hasOwn(examples, name) ? (examples[name] ?? '') : `"${name}": …`;
}

/** A placeholder of templates of the IoT Edge tools. */
export const placeholderOfImage = ['$', '{MODULES.sensor}'].join('');

/** When it is refused, and what stays in force instead. */
export function consequence(of: EdgeModule, stage: Stage, runtime: string): string {
  const who = `${of} ${runtime}`;
  switch (stage) {
    case 'parse':
      return of === 'edgeAgent'
        ? `${who} refuses the deployment at once (status code 400), and the one before stays in force`
        : `${who} refuses all of its configuration at once (lastDesiredStatus 400), and the routes before stay in force`;
    case 'schemaVersion':
      return `${who} refuses the deployment at once (status code 412), and the one before stays in force`;
    case 'empty':
      return `${who} refuses the deployment at once (status code 417), and the one before stays in force`;
    case 'integrity':
      return `${who} refuses the deployment at once, unless the device has a manifest trust bundle; the one before stays in force`;
    case 'moduleSet':
      return `${who} takes the deployment, and fails at every attempt to apply it (status code 500); modules stay as they are`;
    case 'combine':
      return `${who} takes the deployment, and fails to create each module at every attempt to apply it; modules stay as they are`;
    case 'compile':
      return isOld(runtime)
        ? `${who} reports that it took the configuration, and then fails when it compiles the condition: the routes before stay in force, and when it starts again, part of the routes and no time to live`
        : `${who} reports that it took the configuration, and then fails when it compiles the condition: the routes before stay in force, and when it starts again, it stops`;
  }
}

function isOld(runtime: string): boolean {
  return /^1\.[01](\.|$)/.test(runtime);
}
