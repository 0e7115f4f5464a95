import { describe, expect, it } from 'vitest';
import { runLink } from '../../src/report/comment.ts';
import { groupTexts } from '../../src/report/device-groups.ts';
import { listHead } from '../../src/report/devices.ts';
import { elsewhere, leftOut } from '../../src/report/left-out.ts';
import { configurationHead } from '../../src/report/markdown-sections.ts';
import { bundleTexts, nextTexts } from '../../src/report/next.ts';
import { said } from '../../src/report/said.ts';
import { sarifNotices } from '../../src/report/sarif.ts';
import { sums } from '../../src/report/sums.ts';
import { deviceTitle, deviceTitles, deviceTopics, titles } from '../../src/report/titles.ts';
import { idOf } from '../plan/devices.ts';
import { at } from '../support/finding.ts';
import { manyIds } from '../support/fleet.ts';
import { holdTexts } from '../support/text-table.ts';

describe('the text of a list that is cut', () => {
  holdTexts(leftOut, {
    title: [['Warnings', 1000, 'Warnings (1,000)']],
    items: [[3, 'look there', '… and 3 more; look there.']],
    ofRule: [[3, 'certificate/expired', '… and 3 more of certificate/expired; all of them are in the JSON report']],
    annotations: [[2, '2 more of this kind are in the log, in the job summary and in the output sarif-file.']],
    ids: [
      [
        "all of them are in the run's summary",
        "Only the first devices are named; all of them are in the run's summary.",
      ],
    ],
    allDevices: [[1000, 'All 1,000 devices']],
  });

  it('says where the list is whole', () => {
    expect(elsewhere).toEqual({
      summary: "all of them are in the run's summary",
      report: 'all of them are in the output `report-file`',
      log: 'all of them are in the log',
      json: 'all of them are in the JSON report',
    });
  });
});

describe('the text of devices and places', () => {
  const ids = manyIds(1000);
  holdTexts(said, {
    device: [['a', 'is new', 'a: is new']],
    devices: [
      [ids, '1,000 devices: edge-0001, edge-0002, edge-0003, edge-0004, edge-0005, …'],
      [['a', 'b'], '2 devices: a, b'],
    ],
    someDevices: [
      [['a', 'b'], 'a, b'],
      [ids, '1,000 devices: edge-0001, edge-0002, edge-0003, edge-0004, edge-0005, …'],
    ],
    lines: [[[at('a.yaml', 3, 1), at('a.yaml', 7, 1)], 'on 2 lines: 3, 7']],
    places: [
      [[at('a.yaml', 3, 1), at('b.yaml', 7, 1)], 'at 2 places: a.yaml:3, b.yaml:7'],
      [
        [1, 2, 3, 4, 5, 6].map((line) => at('a.yaml', line, 1)),
        'at 6 places: a.yaml:1, a.yaml:2, a.yaml:3, a.yaml:4, a.yaml:5, …',
      ],
    ],
  });
});

describe('the text of a group of devices', () => {
  holdTexts(groupTexts, {
    created: [['new']],
    missing: [['missing in the hub']],
    deleted: [['no manifest declares it any more']],
    not: [
      ['created', 'refused', 'not created: refused'],
      ['created', '', 'not created'],
    ],
    perhaps: [
      ['updated', 'no answer', 'perhaps updated: no answer'],
      ['updated', '', 'perhaps updated'],
    ],
    own: [['secondaryThumbprint', 'secondaryThumbprint: each device has its own value']],
    carry: [['primary', 'devices must already carry their primary certificate']],
  });
});

describe('the text of the sums', () => {
  holdTexts(sums, {
    deployments: [
      [
        { errors: 1, warnings: 2, others: 1200 },
        '1,203 deployments checked: 1 with errors, 2 with warnings, 1,200 without',
      ],
      [{ errors: 0, warnings: 1, others: 0 }, '1 deployment checked: 1 with warnings'],
      [{ errors: 0, warnings: 0, others: 0 }, '0 deployments checked: no file was found'],
    ],
    owners: [
      [
        [
          ['this repository', 2],
          ['none', 1],
        ],
        'Owners: this repository (2 devices), none (1 device)',
      ],
    ],
    refused: [[1, "Owner: the hub refused this run's mark of 1 new device, so prune cannot remove them"]],
    kept: [
      [1, "Kept: 1 device that no manifest declares any more; prune leaves it, since it is not this repository's"],
      [
        2,
        "Kept: 2 devices that no manifest declares any more; prune leaves them, since they are not this repository's",
      ],
    ],
  });
});

describe('the text about bundles', () => {
  const where = { bundles: 14, folder: '/srv/out', artifacts: [] };
  holdTexts(bundleTexts, {
    where: [
      [where, 'Bundles: 14 in /srv/out'],
      [{ ...where, artifacts: ['iot-edge-a'] }, 'Bundles: 14 in /srv/out and in the artifact iot-edge-a'],
      [
        { ...where, folder: undefined, artifacts: ['a', 'b', 'c', 'd', 'e', 'f'] },
        'Bundles: 14 in the artifacts a, b, c, d, e, … (6)',
      ],
    ],
    changes: [
      [{ added: [], changed: [] }, 'Since the bundles before: none is new or changed'],
      [{ added: [idOf('a')], changed: [idOf('b'), idOf('c')] }, 'Since the bundles before: 1 new: a; 2 changed: b, c'],
    ],
  });
});

describe('the text of what to do next', () => {
  holdTexts(nextTexts, {
    nothing: [['nothing to do']],
    valid: [['plan shows what apply would change']],
    deployments: [['apply the deployments to a device for trial, then to the others']],
    'only-valid': [['a run that may sign in to the hub shows the changes']],
    errors: [
      [{ errors: 1, command: 'plan' }, 'fix the error, then run plan again'],
      [{ errors: 2, command: 'apply' }, 'fix the 2 errors, then run apply again'],
    ],
    warnings: [
      [{ warnings: 1, command: 'plan' }, 'fix the warning, then run plan again; fail-on: warning stops the run'],
    ],
    configured: [[{ devices: 2 }, 'apply writes nothing to the hub; bring the new bundles of 2 devices to them']],
    planned: [
      [{ configured: 0 }, 'apply makes these changes; nothing is written yet'],
      [
        { configured: 2 },
        'apply makes these changes; nothing is written yet. Then bring the new bundles of 2 devices to them',
      ],
    ],
    approved: [
      [
        { planFile: '/srv/plan.json', configured: 0 },
        'approve the plan in /srv/plan.json, then run apply with --plan-file; nothing is written yet',
      ],
    ],
    bring: [['bring the bundles to the devices that do not have them yet']],
    'bring-changed': [['bring the new and changed bundles to their devices']],
    files: [['fix the fault, then run apply again: it writes and uploads all bundles']],
    'ended-early': [
      [{ faults: 1, command: 'plan' }, 'fix the fault, then run plan again'],
      [{ faults: 2, command: 'plan' }, 'fix the faults, then run plan again'],
    ],
    failed: [['fix the reasons given for the failed devices, then run apply again; it writes only what is missing']],
    unknown: [['run apply again; it reads what the hub has and writes only what is missing']],
    drift: [['plan shows what apply would change in the hub; to keep what the hub has, change the manifest']],
    renew: [
      [{ warnings: 1 }, 'look at the warning'],
      [{ warnings: 2 }, 'look at the warnings'],
    ],
  });
});

describe('the titles', () => {
  it('say only what happened', () => {
    const phases = ['planned', 'done', 'refused', 'found'] as const;
    const words = deviceTopics.map((topic) => phases.map((phase) => deviceTitles[topic][phase]));
    expect(words).toEqual([
      ['Failed', 'Failed', 'Failed', 'Failed'],
      ['Unknown', 'Unknown', 'Unknown', 'Unknown'],
      ['Blocked', 'Blocked', 'Blocked', 'Blocked'],
      ['Foreign', 'Foreign', 'Foreign', 'Foreign'],
      ['To remove', 'Removed', 'Not removed', 'No longer declared'],
      ['To claim', 'Claimed', 'Not claimed', 'To claim'],
      ['Changes to make', 'Changes made', 'Changes not made', 'Differences'],
    ]);
    expect(titles).toEqual({
      faults: 'Faults',
      findings: { error: 'Errors', warning: 'Warnings', notice: 'Notices' },
      configuration: 'Configuration that changes',
      listed: 'Devices',
    });
  });

  it('name the hub if it is one', () => {
    expect(deviceTitle('removed', 'planned', 'a.b')).toBe('To remove in a.b');
    expect(deviceTitle('changed', 'found', 'a.b')).toBe('Differences in a.b, hub → manifest');
    expect(deviceTitle('changed', 'done', undefined)).toBe('Changes made');
  });
});

describe('the text of a notice in SARIF', () => {
  holdTexts(sarifNotices, {
    leftOut: [
      [
        { all: 25_003, written: 25_000 },
        '3 findings of 25003 left out, because code scanning accepts no more. All of them are in the output report-file.',
      ],
    ],
    notShown: [
      [
        { all: 5001, shown: 5000 },
        '5001 findings: code scanning shows the first 5000, errors first; all of them are in the output report-file.',
      ],
    ],
  });
});

describe('the words of a page', () => {
  it('are these', () => {
    expect(runLink('https://github.example/run')).toBe('[The run and its summary](<https://github.example/run>)');
    expect(listHead).toEqual(['Device', 'Hub', 'Status', 'Signs in by', 'Owner', 'In the manifest']);
    expect(configurationHead).toEqual(['Devices', 'Key', 'Before', 'After']);
  });
});
