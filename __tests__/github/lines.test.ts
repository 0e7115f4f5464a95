import { describe } from 'vitest';
import { githubLines } from '../../src/github/lines.ts';
import { holdTexts } from '../support/text-table.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

describe('the text of a line or notice of the runner', () => {
  holdTexts(githubLines, {
    'artifact-uploaded': [
      [
        { artifact: 'iot-edge-a', devices: ['a'], id: 7, size: 1234 },
        'artifact iot-edge-a (device "a"): id 7, 1234 bytes',
      ],
      [
        { artifact: 'iot-edge-devices', devices: ['a', 'b'], id: 8, size: 9 },
        'artifact iot-edge-devices (2 devices from "a" on): id 8, 9 bytes',
      ],
      [
        { artifact: 'provision-iot-edge-report', devices: [], id: 9, size: 10 },
        'artifact provision-iot-edge-report: id 9, 10 bytes',
      ],
    ],
    'artifact-failed': [
      [
        { artifact: 'iot-edge-a', devices: ['a'], reason: 'Forbidden', nameTaken: false },
        'artifact iot-edge-a (device "a") was not uploaded: Forbidden',
      ],
      [
        { artifact: 'iot-edge-a', devices: ['a'], reason: '(409) Conflict', nameTaken: true },
        'artifact iot-edge-a (device "a") was not uploaded: (409) Conflict. A run takes each name once: let one step of one job upload, and set artifacts: none in the others',
      ],
    ],
    'page-not-uploaded': [
      ['The fleet report was not uploaded. The log says why. The output report-html has its path.'],
    ],
    'upload-late': [[{ seconds: 300 }, 'GitHub has not taken it within 300 s']],
    'not-tried': [[{ artifact: 'iot-edge-a' }, 'not tried, since iot-edge-a took too long']],
    'artifacts-shared': [
      [
        {
          devices: 401,
          artifacts: 3,
          size: 200,
          first: 'iot-edge-devices-001',
          last: 'iot-edge-devices-003',
          mostSingle: 400,
          mostOfAJob: 500,
        },
        '401 devices, more than 400, share 3 artifacts of up to 200 devices each: iot-edge-devices-001 to iot-edge-devices-003 (GitHub takes 500 artifacts a job).',
      ],
    ],
    comment: [[{ pullRequest: 7, done: 'not needed' }, 'Comment on pull request #7: not needed']],
    'comment-forbidden': [
      [
        { reason: 'Not Found' },
        'The token may not comment on pull requests (Not Found). Give the job\npermissions:\n  contents: read\n  pull-requests: write\nor set comment: never.',
      ],
    ],
    'comment-failed': [
      [
        { reason: 'Server Error' },
        'The pull request has no comment of this run: Server Error. The summary says the same.',
      ],
    ],
    issue: [
      [{ title: 'Fleet', done: { kind: 'opened', number: 1 } }, 'Issue "Fleet": #1 opened'],
      [{ title: 'Fleet', done: { kind: 'updated', number: 2 } }, 'Issue "Fleet": #2 updated'],
      [{ title: 'Fleet', done: { kind: 'closed', number: 3 } }, 'Issue "Fleet": #3 closed, all is well'],
      [{ title: 'Fleet', done: { kind: 'not-needed' } }, 'Issue "Fleet": not needed, all is well'],
    ],
    'newest-unknown': [
      [
        { ref: 'refs/heads/main', commit, reason: 'git cannot be run' },
        'The newest commit of main cannot be fetched, so nothing tells whether 0123456789ab is outdated: git cannot be run. The run goes on. The job needs git, and permissions: { contents: read }.',
      ],
    ],
    'newest-unknown-title': [['newest commit unknown']],
    'summary-failed': [[{ reason: 'no space' }, 'The job summary could not be written: no space']],
    'no-answer': [[{ seconds: 60 }, 'no answer within 60 s']],
    'dependabot-without-secrets': [['runs that Dependabot starts have no secrets']],
    'fork-without-secrets': [['pull requests from forks have no secrets']],
  });
});
