import { proxyProblem } from './proxy.ts';
import { secretOf } from './secrets.ts';

/**
 * The value of a setting as people may see it, by its dotted key of `settingsOf`. A secret is hidden also when a pull
 * request removes it, since it may still be in use.
 */
export function shownSetting(key: string, value: string): string;
export function shownSetting(key: string, value: string | undefined): string | undefined;
export function shownSetting(key: string, value: string | undefined): string | undefined {
  return value !== undefined && isSecret(key, value) ? '(a secret)' : value;
}

function isSecret(key: string, value: string): boolean {
  const told = value.replace(/(?:pin-value=)?\$\{IOTEDGE_\w*\}/g, '');
  if (told === '') return false;
  if (key === 'agent.registry.password') return true;
  // An invalid address may hold a password whose @ is missing.
  if (proxyKey.test(key) && proxyProblem(value) !== undefined) return true;
  const inManifest = /^(identity|runtime)\./.test(key) ? key : `config.${key}`;
  if (secretOf(inManifest, told) !== undefined) return true;
  if (placeKey.test(key)) return false;
  // The user chooses keys in an existing config.yaml and in the options of a container. Their names say what they hold.
  const name = key.slice(key.lastIndexOf('.') + 1);
  return secretOf(`${variable}${name}`, told) !== undefined || (optionsKey.test(key) && hasSecretVariable(told));
}

const proxyKey = /^(proxy\.https|agent\.env\.(https?|all)_proxy)$/i;
/** Their names sound like secrets, but their values are places: `identity.privateKey`. */
const placeKey = /^(identity|edgeCa)\./;
const optionsKey = /^agent\.createOptions(\.|$)/;
const variable = 'config.agent.env.';

/** The options may be one text of JSON. */
function hasSecretVariable(text: string): boolean {
  return text.split(/[\s"'\\,{}[\]]+/).some((part) => secretOf('config.agent.createOptions.Env.0', part) !== undefined);
}
