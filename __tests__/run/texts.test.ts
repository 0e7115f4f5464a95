import { describe, expect, it } from 'vitest';
import { runLines } from '../../src/run/lines.ts';
import { applicationPrincipal, cliPrincipal, signingIn } from '../../src/run/sign-in.ts';
import { unread } from '../../src/run/unread.ts';
import { endpoint } from '../hub/devices.ts';
import { holdTexts } from '../support/text-table.ts';

describe('a line of a run', () => {
  holdTexts(runLines, {
    'plan-without-hub-title': [['plan without a hub']],
    'only-validated': [[{ reason: 'it has no secrets' }, 'Only validated, not planned: it has no secrets.']],
    'not-compared-title': [['configuration']],
    'not-compared': [
      [
        { reason: runLines['base-missing']() },
        'What devices would run is not compared with the base: the commit is not there; write "with: { fetch-depth: 2 }" in the step actions/checkout.',
      ],
    ],
    'base-missing': [['the commit is not there; write "with: { fetch-depth: 2 }" in the step actions/checkout']],
    'before-unread-title': [['certificates']],
    'before-unread': [
      [
        { reason: 'git failed' },
        'Which certificates the devices carry is not known, because the commit before cannot be read: git failed.',
      ],
    ],
    'times-unread': [
      [
        { reason: 'git failed' },
        'Which devices were inactive since a certificate was merged is not known, because the history cannot be read: git failed.',
      ],
    ],
    'artifacts-title': [['artifacts']],
    'time-limit-over': [
      [{ minutes: 1 }, 'the time limit of 1 minute is over'],
      [{ minutes: 350 }, 'the time limit of 350 minutes is over'],
    ],
  });
});

describe('why a file cannot be read', () => {
  holdTexts(unread, {
    outside: [['it lies outside the workspace']],
    inGit: [['it lies in .git']],
    link: [[unread.inGit(), 'it is a link, and what it links to is refused: it lies in .git']],
    linkIn: [['root.pem', 'it does not exist', 'its entry root.pem may not be written: it does not exist']],
    notAFile: [
      ['folder', 'it is a folder, not a file'],
      ['device', 'it is a device or a pipe, not a file'],
    ],
    tooLarge: [[5, 4, 'it has 5 bytes, expected at most 4']],
    missing: [['it does not exist']],
    brokenLink: [['it is a link, and what it links to does not exist']],
    linkLoop: [['it is a link that leads back to itself']],
    changed: [['it was changed while it was opened']],
    denied: [['permission denied']],
  });
});

describe('who signs in', () => {
  const host = endpoint('contoso.azure-devices.net');
  const entra = { kind: 'entra', host, token: async () => '' } as const;

  it.each([
    [
      'a policy',
      { kind: 'sas', host, keyName: 'iothubowner', key: 'secret' } as const,
      'signing in to contoso.azure-devices.net by the shared access policy iothubowner; plan needs the rights Registry Read and Service Connect',
    ],
    [
      'an application',
      { ...entra, principal: applicationPrincipal('11111111-2222-3333-4444-555555555555') },
      "signing in to contoso.azure-devices.net as the Entra application 11111111-2222-3333-4444-555555555555, by GitHub's OIDC; plan needs the role IoT Hub Data Reader",
    ],
    [
      'the Azure CLI',
      { ...entra, principal: cliPrincipal },
      'signing in to contoso.azure-devices.net as the account that the Azure CLI is signed in with; plan needs the role IoT Hub Data Reader',
    ],
  ])('is told: %s', (_, credential, text) => {
    expect(signingIn('plan', credential, false)).toBe(text);
  });
});
