import { Command, CommanderError, Option } from 'commander';
import type { Command as CommandName } from '../model/report.ts';
import { faultsIn } from '../run/setting-reader.ts';
import type { Settings } from '../run/settings.ts';
import { version } from '../run/version.ts';
import { type Output, streamOutput } from './output.ts';
import { runPipeline } from './pipeline.ts';

export { openOutput } from './output.ts';

/** Options have the names of the action's inputs. Each command takes only the options that it acts on. */
const options = {
  // `<host...>` would read the manifests behind it as hosts.
  hub: () =>
    new Option(
      '--hub <host>',
      'a hub that may be touched, beside those of IOTHUB_CONNECTION_STRING; may be repeated',
    ).argParser((host: string, others: readonly string[] = []) => [...others, host]),
  deployments: () =>
    new Option(
      '--deployments <path>',
      'a deployment manifest to check, or a glob; repeatable. No devices manifest is needed',
    ).argParser((pattern: string, others: readonly string[] = []) => [...others, pattern]),
  'deployments-applied': () =>
    new Option('--deployments-applied', 'the deployments are complete: a placeholder in them is an error'),
  runtime: () =>
    new Option('--runtime <version>', 'the IoT Edge version for deployments whose image tags name none, such as 1.5'),
  'only-hub': () => new Option('--only-hub <host>', 'use only the devices of this hub'),
  'ca-file': () => new Option('--ca-file <path>', 'one more certificate authority to trust (PEM)'),
  'output-directory': () =>
    new Option('--output-directory <path>', 'where the bundles are written').default('device-bundles'),
  'fail-on': () => new Option('--fail-on <severity>', 'findings that stop the run: error or warning').default('error'),
  'expiry-warning-days': () =>
    new Option('--expiry-warning-days <days>', 'warn about certificates that end within this number of days').default(
      '30',
    ),
  rules: () =>
    new Option(
      '--rules <rule: severity>',
      'another severity for a rule, such as "certificate/is-ca: off"; repeatable',
    ).argParser((line: string, others: readonly string[] = []) => [...others, line]),
  'max-changes': () =>
    new Option('--max-changes <limit>', 'the most devices to update or remove per hub: a number or a share').default(
      '30%',
    ),
  // A value stands behind `=` alone, so that a manifest behind the option stays a manifest: see `withValue`.
  'allow-lockout': () =>
    new Option(
      '--allow-lockout [=id]',
      'lock devices out until they have their new certificates: all, or the named one; repeatable',
    ).argParser((id: string, others: readonly string[] = []) => [...others, id]),
  'plan-file': () =>
    new Option('--plan-file <path>', 'plan: write the plan there; apply: go on only if it would do the same'),
  'report-html': () => new Option('--report-html <path>', 'write the fleet report there, one HTML file for a browser'),
  prune: () =>
    textOption(
      '--prune <how>',
      'what to do with devices that the default branch declared before and no longer declares',
      ['none', 'disable', 'delete'],
    ).default('none'),
  'hub-capacity': () =>
    new Option(
      '--hub-capacity <size>',
      'size of the hub, such as S1x2: writes keep to its quota; otherwise the pace adapts',
    ),
  'import-container': () =>
    new Option(
      '--import-container <url>',
      'a blob container for large changes by import jobs; put a URL with a signature into the environment',
    ).env('IOTHUB_IMPORT_CONTAINER'),
  'time-limit': () =>
    new Option('--time-limit <minutes>', 'start nothing new after this number of minutes; the next run does the rest'),
  adopt: () =>
    new Option(
      '--adopt [which]',
      'take over devices: unmarked (without an owner), or true (also of other repositories, and devices that are not edge devices with thumbprints)',
    ).default('false'),
  owner: () =>
    new Option(
      '--owner <repository>',
      'SERVER/OWNER/NAME of the repository that owns the devices; by default the remote origin, in a workflow its own repository',
    ),
  unowned: () => new Option('--unowned', 'only devices that no repository owns'),
} as const;

type OptionName = keyof typeof options;

const checking: readonly OptionName[] = ['fail-on', 'expiry-warning-days', 'rules'];
const deploying: readonly OptionName[] = ['deployments', 'deployments-applied', 'runtime'];
const reaching: readonly OptionName[] = ['hub', 'only-hub', 'ca-file'];
const changing: readonly OptionName[] = ['max-changes', 'allow-lockout', 'adopt', 'prune', 'plan-file', 'owner'];

const pipeline: readonly { name: CommandName; summary: string; takes: readonly OptionName[] }[] = [
  {
    name: 'validate',
    summary: 'check the manifest, the certificates and deployments; needs no hub',
    takes: [...checking, ...deploying],
  },
  {
    name: 'plan',
    summary: 'say what apply would change',
    takes: [...reaching, ...checking, ...changing, 'report-html'],
  },
  {
    name: 'apply',
    summary: 'change the hub to match the manifest, and write the bundles',
    takes: [
      ...reaching,
      ...checking,
      ...changing,
      'output-directory',
      'report-html',
      'hub-capacity',
      'import-container',
      'time-limit',
    ],
  },
  {
    name: 'render',
    summary: 'only write the bundles',
    takes: ['hub', 'only-hub', ...checking, 'output-directory', 'report-html'],
  },
  {
    name: 'verify',
    summary: 'compare the hub with the manifest',
    takes: [...reaching, ...checking, 'prune', 'owner', 'report-html'],
  },
  { name: 'list', summary: "show the hub's edge devices", takes: [...reaching, 'rules', 'owner', 'unowned'] },
];

const commandNames = [...pipeline.map(({ name }) => name), 'demo', 'hub', 'issue', 'new'];

const afterHelp = `Environment:
  IOTHUB_CONNECTION_STRING  connection strings of the hubs, one per line; without it, the session of az login
  IOTHUB_IMPORT_CONTAINER   the same as --import-container, for a URL with a signature
  HTTPS_PROXY, NO_PROXY     the proxy to the hubs

Exit codes:
  0  success
  1  errors in the manifest, drift, failed devices, or another fault
  2  wrong usage
  3  stopped by a signal or the time limit; the next run does the rest`;

/**
 * Runs the command line and gives its exit code: 0 all well; 1 findings, drift, failed devices or a fault of the world;
 * 2 wrong usage; 3 stopped in part. Code that only one command needs is loaded when that command is chosen.
 */
export async function runCommandLine(args: readonly string[], output: Output = streamOutput()): Promise<number> {
  let exitCode = 0;
  const [chosen] = args;
  // To describe the options of all commands takes 2 ms. Only help needs more than those of one command.
  const isAsked = (name: string) => chosen === name || !commandNames.some((known) => known === chosen);
  const program = new Command('provision-iot-edge')
    .description('Provisions Azure IoT Edge devices with X.509 certificates from a manifest.')
    .version(version)
    .configureOutput({ writeOut: output.write })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', `\n${afterHelp}`);
  for (const { name, summary, takes } of pipeline) {
    const command = program.command(name).summary(summary).description(summary);
    if (!isAsked(name)) continue;
    command.argument('[manifest...]', 'devices manifests, paths and globs', ['devices.yaml']);
    for (const option of takes) command.addOption(options[option]());
    command.option('--json', 'print the report as one JSON document');
    command.action(async (manifests: readonly string[]) => {
      const { json, ...settings } = settingsOf(command);
      exitCode = await runPipeline({ ...settings, command: name }, manifests, { json: json === 'true', output });
    });
  }
  const ended = (code: number) => {
    exitCode = code;
  };
  if (isAsked('demo')) addDemo(program, output, ended);
  if (isAsked('hub')) addHub(program, output);
  if (isAsked('issue')) addIssue(program, output);
  if (isAsked('new')) addNew(program, output, ended);
  try {
    await program.parseAsync(withAdopt(withValue(args, '--allow-lockout')), { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const faults = faultsIn(thrown);
    for (const { message, remedy } of faults) process.stderr.write(`error: ${message}\n  → ${remedy}\n`);
    if (faults.some(({ kind }) => kind === 'usage')) return 2;
    return faults.some(({ kind }) => kind === 'stopped') ? 3 : 1;
  }
}

function addDemo(program: Command, output: Output, ended: (exitCode: number) => void): void {
  const summary = 'show the main job on an embedded hub: no Azure, nothing left behind';
  program
    .command('demo')
    .summary(summary)
    .description(summary)
    .action(async () => {
      const { runDemo } = await import('./demo.ts');
      ended(await runDemo((line) => output.write(`${line}\n`)));
    });
}

function addHub(program: Command, output: Output): void {
  const summary = 'run an embedded IoT Hub on this machine until it is stopped';
  const command = program.command('hub').summary(summary).description(summary);
  command.option('--port <port>', 'port to listen on; by default any free one', '0');
  command.addOption(
    new Option(
      '--host <name>',
      'a host name beside localhost, such as contoso.azure-devices.net, with its .device. and .service. names; may be repeated',
    ).argParser((name: string, others: readonly string[] = []) => [...others, name]),
  );
  command.addOption(
    textOption('--env [shell]', 'print what a shell exports for its clients, not JSON', ['sh', 'pwsh']).preset('sh'),
  );
  command.option('--directory <path>', 'keep devices and keys here for the next start');
  command.option('--seed <path>', 'first devices: a JSON array, or the devices.txt of an export');
  command.option('--visibility-lag <milliseconds>', 'how long a query lags behind the registry', '0');
  command.option('--evaluation-lag <milliseconds>', 'how long after a change deployments are evaluated', '0');
  command.option('--capacity <size>', 'throttle like a hub of this size: S1x1 to S3x10');
  command.option('--clock-speed <n>', 'seconds that pass for throttling, lag and jobs in one second', '1');
  command.option('--faults <spec>', 'random faults: 429:5%,reset-after:1%,seed:7');
  command.action(async () => {
    const { runHub } = await import('./hub.ts');
    await runHub(settingsOf(command), output.write);
  });
}

function addIssue(program: Command, output: Output): void {
  const summary = 'issue demo certificates: a root, and two certificates for each id';
  const command = program.command('issue').summary(summary).description(`${summary}. For trials, not for production.`);
  command.argument('<id...>', 'device ids');
  command.option('--certificates-directory <path>', 'folder for the public certificates', 'certs');
  command.option('--keys-directory <path>', 'folder for the private keys; git ignores it', 'device-keys');
  command.option('--days <days>', 'how long they are valid', '365');
  const keys =
    "type of the devices' keys: rsa (2048 bits), or ec (P-256: 1,000 devices in seconds; IoT Edge on Windows takes none)";
  command.addOption(textOption('--key <type>', keys, ['rsa', 'ec']).default('rsa'));
  command.action(async (ids: readonly string[]) => {
    const { runIssue } = await import('./issue.ts');
    await runIssue(ids, settingsOf(command), (line) => output.write(`${line}\n`));
  });
}

function addNew(program: Command, output: Output, ended: (exitCode: number) => void): void {
  const summary = 'write a first manifest from certificates, or from a CSV file with a column id';
  const command = program.command('new').summary(summary).description(summary);
  command.argument('[source...]', 'folders of certificates, certificate files, CSVs', ['certs']);
  command.option('--hub <host>', 'host name of the IoT Hub for the manifest');
  command.option('--runtime <version>', 'IoT Edge on the devices (default: "1.6", on Windows "1.1")');
  command.addOption(
    textOption('--platform <name>', 'how it was installed', ['debian', 'linux', 'windows']).default('debian'),
  );
  command.option('--output <path>', 'write it to this new file; otherwise it is printed');
  command.action(async (sources: readonly string[]) => {
    const { runNew } = await import('./new.ts');
    ended(await runNew(sources, settingsOf(command), output.write));
  });
}

/**
 * An option whose help names the choices. The command checks the value itself, because commander would report only the
 * first wrong option.
 */
function textOption(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices([...choices]).argParser((value) => value);
}

/** Gives an option without a value the value `true`. Else commander would take the next argument for its value. */
function withValue(args: readonly string[], option: string): readonly string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => (arg === option && (end < 0 || index < end) ? `${option}=true` : arg));
}

/** `--adopt` takes no word, or one of these. What else follows is a manifest: `apply --adopt devices.yaml`. */
function withAdopt(args: readonly string[]): readonly string[] {
  return args.map((arg, index) => {
    const next = args[index + 1] ?? '-';
    const isManifest = !next.startsWith('-') && !['true', 'false', 'unmarked'].includes(next);
    return arg === '--adopt' && isManifest ? '--adopt=true' : arg;
  });
}

/** A command's options by their long names, as text. */
function settingsOf(command: Command): Settings {
  const values: Readonly<Record<string, unknown>> = command.opts();
  return Object.fromEntries(
    command.options.map((option) => {
      const value = values[option.attributeName()];
      const text = Array.isArray(value) ? value.join('\n') : value === undefined ? undefined : String(value);
      return [option.long?.slice(2) ?? '', text];
    }),
  );
}
