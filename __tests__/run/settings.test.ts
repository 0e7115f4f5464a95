import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { commands } from '../../src/model/report.ts';
import { days, readRequest, type Settings, word } from '../../src/run/settings.ts';
import { hub } from '../plan/devices.ts';

const directory = resolve('/srv/repository');
const context = { directory, credentialHubs: [], findings: [] };

function faultOf(settings: Settings): Fault {
  try {
    readRequest(settings, context);
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
  }
  throw new Error('no fault');
}

describe('a request', () => {
  it.each([
    ['nothing', {}],
    [
      'empty texts',
      { command: '', manifest: ' ', hub: '', 'only-hub': '', 'fail-on': '', 'max-changes': ' ', adopt: '' },
    ],
  ])('of %s has the defaults of action.yml', (_, settings) => {
    expect(readRequest(settings, context)).toEqual({
      command: 'plan',
      manifests: ['devices.yaml'],
      hubs: [],
      outputDirectory: resolve(directory, 'device-bundles'),
      failOn: 'error',
      expiryWarningDays: 30,
      plan: {
        adopt: false,
        allowLockout: false,
        maxChanges: { kind: 'share', share: 0.3, text: '30%' },
        prune: 'none',
      },
      findings: [],
    });
  });

  it('reads every setting, with blanks around it', () => {
    const settings = {
      command: ' apply ',
      manifest: 'a.yaml\r\n\n  fleet/*.yaml \n',
      hub: 'Contoso.Azure-Devices.net\nlocalhost:8443\n',
      'only-hub': ' LOCALHOST:8443 ',
      'output-directory': ' out ',
      'fail-on': ' warning ',
      'expiry-warning-days': '0',
      'max-changes': '200',
      'allow-lockout': 'true',
      adopt: 'true',
      'plan-file': ' approved/plan.json ',
    };
    expect(readRequest(settings, context)).toEqual({
      command: 'apply',
      manifests: ['a.yaml', 'fleet/*.yaml'],
      hubs: ['contoso.azure-devices.net', 'localhost:8443'],
      onlyHub: 'localhost:8443',
      outputDirectory: resolve(directory, 'out'),
      failOn: 'warning',
      expiryWarningDays: 0,
      plan: {
        adopt: true,
        allowLockout: true,
        maxChanges: { kind: 'number', number: 200, text: '200' },
        prune: 'none',
      },
      planFile: resolve(directory, 'approved/plan.json'),
      findings: [],
    });
  });

  it.each(commands)('may be to %s', (command) => {
    expect(readRequest({ command }, context).command).toBe(command);
  });

  it('names the hubs of the input and of the credentials, each once', () => {
    expect(readRequest({ hub: 'e.f\nA.B\na.b' }, { ...context, credentialHubs: [hub] }).hubs).toEqual([
      'e.f',
      'a.b',
      hub,
    ]);
  });

  it('takes an absolute output directory as it is', () => {
    expect(readRequest({ 'output-directory': resolve('/elsewhere') }, context).outputDirectory).toBe(
      resolve('/elsewhere'),
    );
  });

  it.each([
    ['command', 'aply', 'one of validate, plan, apply, render, verify, list'],
    ['command', 'Plan', 'one of validate'],
    ['hub', 'https://contoso.azure-devices.net', "a hub's host name"],
    ['hub', 'contoso.azure-devices.net, fabrikam.azure-devices.net', "a hub's host name"],
    ['only-hub', 'a b', "a hub's host name"],
    ['fail-on', 'notice', 'one of error, warning'],
    ['expiry-warning-days', '-1', 'a whole number of days, 0 to 3650'],
    ['expiry-warning-days', '1.5', 'a whole number of days'],
    ['expiry-warning-days', '3651', 'a whole number of days'],
    ['expiry-warning-days', '1e3', 'a whole number of days'],
    ['max-changes', 'many', 'a whole number or a share'],
    ['max-changes', '101%', 'a whole number or a share'],
    ['max-changes', '-5', 'a whole number or a share'],
    ['allow-lockout', 'yes', 'one of false, true'],
    ['adopt', 'True', 'one of false, true'],
    ['prune', 'true', 'one of none, disable, delete'],
  ])('with %s %j is refused as wrong usage', (name, given, expected) => {
    const { message, remedy, kind } = faultOf({ [name]: given });
    expect(message).toContain(`${name}: ${JSON.stringify(given)} is not ${expected}`);
    expect(remedy).toMatch(new RegExp(`^Give ${name} .*\\.$`));
    expect(kind).toBe('usage');
  });
});

describe('a setting', () => {
  it('of days goes from 0 to ten years', () => {
    expect(days({ a: '3650' }, 'a', 1)).toBe(3650);
    expect(days({}, 'a', 7)).toBe(7);
  });

  it('of a word is its first one by default', () => {
    expect(word({ a: ' ' }, 'a', ['x', 'y'])).toBe('x');
    expect(word({ a: 'y' }, 'a', ['x', 'y'])).toBe('y');
  });

  it('does not quote a connection string that was given for a hub', () => {
    const { message } = faultOf({ hub: 'HostName=a.b;SharedAccessKeyName=c;SharedAccessKey=c2VjcmV0' });
    expect(message).toContain('SharedAccessKey=***');
    expect(message).not.toContain('c2VjcmV0');
  });
});
