/**
 * Stands in a bundle for the host name of a device that has none in the manifest. The device's script fills it in. It is no
 * placeholder of a secret: their names begin with `IOTEDGE_`.
 */
export const ownName = `\${HOST_NAME}`;

/** How a pull request shows it. */
export const ownNameShown = "the device's own";

const forPeople = "Placed by hand? Write the name that the device has already, else the machine's.";
const forPeopleInToml =
  "Placed by hand? Only a name that differs from the machine's and is in /etc/aziot/identityd/config.d/00-super.toml goes here, without the # before it.";

/**
 * Says behind the line of the host name what a person has to write there. Without a placeholder the text stays as it is.
 */
export function explainedInYaml(text: string): string {
  return text.replace(yamlLine, (line) => `${line} # ${forPeople}`);
}

/** The same. The line becomes a comment: without a name, the runtime takes the machine's. */
export function explainedInToml(text: string): string {
  return text.replace(tomlLine, () => explainedTomlLine);
}

const yamlLine = /^hostname:[ \t]*"\$\{HOST_NAME\}"[^\r\n]*/m;
const tomlLine = /^hostname = "\$\{HOST_NAME\}"$/m;
const explainedYamlLine = new RegExp(
  `^(hostname:[ \\t]*")\\$\\{HOST_NAME\\}("[^\\r\\n]*) # ${forPeople.replace(/[.?]/g, '\\$&')}(\\r?)$`,
  'm',
);
const explainedTomlLine = `# hostname = "" # ${forPeopleInToml}`;

/** The line of a configuration that takes the device's own name: `before`, the name, `after`. */
export interface NameLine {
  /** As it stands in the bundle. */
  readonly line: string;
  readonly before: string;
  readonly after: string;
}

/** Finds the line in a rendered configuration; undefined if the manifest or `config.base` says the name. */
export function nameLineIn(configuration: string): NameLine | undefined {
  const inYaml = explainedYamlLine.exec(configuration);
  if (inYaml !== null) {
    const [line, before = '', behind = '', end = ''] = inYaml;
    return { line, before, after: behind + end };
  }
  const inToml = configuration.split('\n').find((line) => line === explainedTomlLine);
  return inToml === undefined ? undefined : { line: inToml, before: 'hostname = "', after: '"' };
}
