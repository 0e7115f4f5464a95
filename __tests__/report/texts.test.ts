import { describe, expect, it } from 'vitest';
import { rotationNames } from '../../src/model/reasons.ts';
import { runLink } from '../../src/report/comment.ts';
import { heads } from '../../src/report/devices.ts';
import { elsewhere, leftOut } from '../../src/report/left-out.ts';
import { configurationHead, problemHead, titleOf } from '../../src/report/markdown.ts';
import { sarifNotices } from '../../src/report/sarif.ts';
import { sums } from '../../src/report/sums.ts';
import { holdTexts } from '../support/text-table.ts';

describe('the text of a list that is cut', () => {
  holdTexts(leftOut, {
    items: [[3, 'look there', '… and 3 more; look there.']],
    rows: [[100, '… and 100 more']],
    ofRule: [[3, 'certificate/expired', '… and 3 more of certificate/expired']],
    annotations: [[2, '2 more of this kind are in the log, in the job summary and in the output sarif-file.']],
  });

  it('says where the list is whole', () => {
    expect(elsewhere).toEqual({
      summary: "all of them are in the run's summary",
      report: 'all of them are in the output `report-file`',
      log: 'all of them are in the log',
    });
  });
});

describe('the text of the sums', () => {
  holdTexts(sums, {
    certificates: [
      [
        [
          ['staging', 2],
          ['swap', 1],
        ],
        `certificates: ${rotationNames.staging} (2 devices), ${rotationNames.swap} (1 device)`,
      ],
    ],
    tags: [[3, 'tags: 3 devices']],
    owners: [
      [
        [
          ['this repository', 2],
          ['none', 1],
        ],
        'owners: this repository (2 devices), none (1 device)',
      ],
    ],
    refused: [[1, "owner: the hub refused this run's mark of 1 new device, so prune cannot remove them"]],
    kept: [
      [2, "2 devices that no manifest declares any more: prune leaves them, since they are not this repository's"],
    ],
  });
});

describe('the text of a notice in SARIF', () => {
  holdTexts(sarifNotices, {
    leftOut: [
      [
        { all: 25_003, written: 25_000 },
        '3 findings of 25003 left out, since code scanning takes no more; all of them are in the output report-file.',
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
    expect(titleOf('plan')).toBe('IoT Edge provisioning: plan');
    expect(runLink('https://github.example/run')).toBe('[The run and its summary](<https://github.example/run>)');
    expect({ ...heads, problemHead, configurationHead }).toEqual({
      changes: ['Device', 'Hub', 'Change', 'Why'],
      outcomes: ['Device', 'Hub', 'Result', 'Why'],
      listed: ['Device', 'Hub', 'Status', 'Signs in by', 'Owner', 'In the manifest'],
      problemHead: ['', 'Rule', 'Where', 'What', 'What to do'],
      configurationHead: ['Devices', 'Key', 'Before', 'After'],
    });
  });
});
