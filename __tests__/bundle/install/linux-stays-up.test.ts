import { describe, expect, it } from 'vitest';
import { withFunctions } from './installer-functions.ts';

const versions = {
  // No RestartSec: systemd's own 100 ms. 1.2 and later: RestartSec=5.
  1: { version: { text: '1.1', major: 1, minor: 1 }, daemons: ['iotedge'], delay: 100 },
  5: {
    version: { text: '1.5', major: 1, minor: 5 },
    daemons: ['aziot-edged', 'aziot-identityd', 'aziot-certd', 'aziot-keyd'],
    delay: 5000,
  },
} as const;

/**
 * systemd and `sleep` on a simulated clock. The unit BAD begins at BEGIN, lives for LIFE, and is started again after DELAY, all in
 * milliseconds; at the sixth start within ten seconds systemd gives up (DefaultStartLimitBurst=5). The others live for ever.
 * OLD is a systemd before 235, which has no NRestarts. Only builtins, since there are thousands of looks.
 */
const simulation = `
waiting() { "$@"; }
sleep() { clock=$((clock + $1 * 1000)); }
unwell() { return 1; }
ask_states() {
  STATES=''
  for name in "$@"; do
    active=active sub=running pid=77 restarts=0 start=1
    [ "$name" != "$BAD" ] || look_at_bad
    [ -z "$OLD" ] || restarts=-
    STATES="$STATES$name loaded $active $sub enabled $pid $restarts $start success 0
"
  done
  STATES=\${STATES%?}
}
look_at_bad() {
  age=$((clock - BEGIN))
  period=$((LIFE + DELAY))
  restarts=$((age / period))
  start=$((BEGIN + restarts * period)) pid=$((100 + restarts))
  if [ "$age" -lt 0 ]; then
    active=inactive sub=dead pid=0 restarts=0 start=0
  elif [ $((5 * period)) -lt 10000 ] && [ "$restarts" -ge 5 ]; then
    active=failed sub=failed pid=0 restarts=5
  elif [ $((age % period)) -ge "$LIFE" ]; then
    active=activating sub=auto-restart pid=0
  fi
}
try() { # LIFE BEGIN
  LIFE=$1 BEGIN=$2 clock=0
  if stays_up; then echo "$BAD $LIFE $BEGIN runs, after $clock"; else echo "$BAD $LIFE $BEGIN ends, after $clock"; fi
}
SECONDS_UP=15
`;

interface Tried {
  readonly minor: 1 | 5;
  readonly unit: string;
  readonly old?: boolean;
}

/** Tries each life, with each time at which the daemon begins; 0 is the restart. */
function tried({ minor, unit, old = false }: Tried, lives: readonly number[], begins: readonly number[] = [0]) {
  const { version, delay } = versions[minor];
  const trials = begins.flatMap((begin) => lives.map((life) => `try ${life} ${begin}\n`)).join('');
  const script = `${simulation}BAD=${unit} DELAY=${delay} OLD=${old ? 'yes' : ''}\n${trials}`;
  return withFunctions({ version }, script).trimEnd().split('\n');
}

/** 0.1 to 6 seconds in steps of 0.1. */
const shortLives = Array.from({ length: 60 }, (_, index) => (index + 1) * 100);

describe('a daemon that lives for 0.1 to 6 seconds', () => {
  it.each<Tried>([
    { minor: 1, unit: 'iotedge', old: false },
    { minor: 1, unit: 'iotedge', old: true },
    { minor: 5, unit: 'aziot-edged', old: false },
    { minor: 5, unit: 'aziot-keyd', old: true },
  ])('never runs: $unit of 1.$minor, systemd before 235: $old', (which) => {
    const all = tried(which, shortLives);
    expect(all).toHaveLength(60);
    expect(all.filter((line) => !line.includes(' ends, '))).toEqual([]);
  });

  it('never runs, whenever its socket starts it', () => {
    const begins = Array.from({ length: 31 }, (_, index) => index * 500);
    const all = tried({ minor: 5, unit: 'aziot-certd' }, shortLives, begins);
    expect(all).toHaveLength(60 * 31);
    expect(all.filter((line) => !line.includes(' ends, '))).toEqual([]);
  });
});

describe('a daemon that lives', () => {
  const forever = 1_000_000;

  it.each<Tried>([
    { minor: 1, unit: 'iotedge' },
    { minor: 5, unit: 'aziot-edged' },
    { minor: 5, unit: 'aziot-keyd', old: true },
  ])('runs after 15 seconds: $unit of 1.$minor', (which) => {
    expect(tried(which, [forever])).toEqual([`${which.unit} ${forever} 0 runs, after 15000`]);
  });

  it('has at least ten seconds for itself, where its socket starts it later', () => {
    const begins = [3000, 7000, 12_000, 60_000];
    expect(tried({ minor: 5, unit: 'aziot-certd' }, [forever], begins).map((line) => line.replace(/.*, /, ''))).toEqual(
      ['after 15000', 'after 20000', 'after 25000', 'after 15000'],
    );
  });

  it('ends once and then runs: that is not running', () => {
    expect(tried({ minor: 1, unit: 'iotedge' }, [14_000])).toEqual(['iotedge 14000 0 ends, after 15000']);
  });
});

describe('one look', () => {
  const { version } = versions[5];
  const look = (seen: string, unit: string, active: string, sub: string, ids = '8 0 1') =>
    withFunctions(
      { version },
      `
      ask_states() { STATES='${unit} loaded ${active} ${sub} disabled ${ids} signal 9'; }
      unwell() { echo "$unit $1"; return 1; }
      look=1 last=3 SEEN='${seen}'
      look_again || :
      `,
    );

  it.each([
    ['aziot-keyd', 'failed', 'failed', 'failed (signal, exit status 9)'],
    ['aziot-certd', 'activating', 'auto-restart', 'does not stay up: it ended, and systemd starts it again'],
    ['aziot-certd', 'activating', 'auto-restart-queued', 'does not stay up: it ended, and systemd starts it again'],
    ['aziot-identityd', 'activating', 'start-pre', 'is activating (start-pre)'],
    ['aziot-identityd', 'deactivating', 'stop-sigterm', 'is deactivating (stop-sigterm)'],
    ['aziot-edged', 'inactive', 'dead', 'is not active'],
  ])('at %s that is %s (%s)', (unit, active, sub, says) => {
    expect(look('', unit, active, sub)).toBe(`${unit} ${says}\n`);
  });

  it.each([
    ['active', 'running'],
    ['reloading', 'reload'],
    ['inactive', 'dead'],
  ])('finds no fault with another daemon that is %s (%s)', (active, sub) => {
    expect(look('', 'aziot-keyd', active, sub)).toBe('');
  });

  it.each([
    ['the same process', 'active', '8 0 1', ''],
    ['another process', 'active', '9 0 1', 'does not stay up: it ended, and systemd started it again'],
    ['the process of another start', 'active', '8 0 2', 'does not stay up: it ended, and systemd started it again'],
    ['a process after a restart', 'active', '8 1 1', 'does not stay up: it ended, and systemd started it again'],
    ['no process', 'inactive', '0 0 0', 'ended'],
  ])('sees %s, after the process 8', (_, active, ids, says) => {
    expect(look(' aziot-keyd=8/0/1 ', 'aziot-keyd', active, 'any', ids)).toBe(says && `aziot-keyd ${says}\n`);
  });

  it('reads the properties in the order in which systemd prints them, some missing', () => {
    const script = `
      CLAIM=''
      systemctl() { printf 'MainPID=7\\nResult=success\\nLoadState=loaded\\nActiveState=active\\nSubState=running\\n\\nLoadState=not-found\\nUnitFileState=\\nActiveState=inactive\\nSubState=dead\\nMainPID=0\\n'; }
      ask_states aziot-edged aziot-keyd && echo "$STATES"`;
    expect(withFunctions({ version }, script)).toBe(
      'aziot-edged loaded active running - 7 - - success -\naziot-keyd not-found inactive dead - 0 - - - -\n',
    );
  });
});
