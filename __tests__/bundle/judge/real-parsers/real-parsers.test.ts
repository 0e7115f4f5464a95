import { describe, expect, it } from 'vitest';
import { describeNeeding } from '../../../support/needing.ts';
import { type Deviation, onManifest, onValues } from './deviations.ts';
import { type Fact, isToml, recordedFacts } from './facts.ts';
import { ownFacts } from './own-facts.ts';
import { type Verdict, verdictOnValues, verdictsOnManifest } from './verdicts.ts';

const isYaml = (fact: Fact) => !isToml(fact);

interface Judged {
  readonly fact: Fact;
  readonly verdict: Verdict;
}

/** The facts about which we say something else, and that no deviation covers. */
function unexplained(judged: readonly Judged[], deviations: readonly Deviation[]): readonly string[] {
  return judged
    .filter(({ fact, verdict }) => isOther(fact, verdict) && reasonFor(fact, verdict, deviations) === undefined)
    .map(
      ({ fact, verdict }) => `${fact.list}: ${fact.name} (${fact.asked}): ${verdict}, and the runtime: ${fact.said}`,
    );
}

/** A deviation that explains nothing has been overtaken, and its reason is no longer true. */
function idle(judged: readonly Judged[], deviations: readonly Deviation[]): readonly string[] {
  const used = new Set(
    judged
      .filter(({ fact, verdict }) => isOther(fact, verdict))
      .map(({ fact, verdict }) => reasonFor(fact, verdict, deviations)),
  );
  return deviations.filter(({ why }) => !used.has(why)).map(({ why }) => why);
}

function isOther(fact: Fact, verdict: Verdict): boolean {
  return verdict !== (fact.verdict === 'refused' ? 'refused' : 'accepted');
}

function reasonFor(fact: Fact, verdict: Verdict, deviations: readonly Deviation[]): string | undefined {
  return deviations.find(({ ours, covers }) => ours === verdict && covers(fact))?.why;
}

describe('one input of each kind', () => {
  it('is judged by its values as the runtime does', () => {
    expect(
      unexplained(
        ownFacts.filter(isYaml).map((fact) => ({ fact, verdict: verdictOnValues(fact) })),
        [],
      ),
    ).toEqual([]);
  });

  it('is judged in a manifest as the runtime does, and rendered so that the runtime takes it', async () => {
    const judged = await verdictsOnManifest(ownFacts);
    expect(unexplained(judged, onManifest)).toEqual([]);
    expect(judged.filter(({ refusals = [] }) => refusals.length > 0)).toEqual([]);
    expect(new Set(judged.flatMap(({ rules }) => rules))).toEqual(
      new Set(['config/uri', 'config/create-options', 'config/empty-name', 'config/refused-value', 'manifest/type']),
    );
  });
});

describeNeeding(['../shared/reference'], "the runtime's own parsers", () => {
  const facts = recordedFacts();

  it('are known to this test', () => {
    expect(facts.length).toBeGreaterThan(4_000);
  });

  it('say of the values of a config.yaml what we say', () => {
    const judged = facts.filter(isYaml).map((fact) => ({ fact, verdict: verdictOnValues(fact) }));
    expect(unexplained(judged, onValues)).toEqual([]);
    expect(idle(judged, onValues)).toEqual([]);
  });

  it('say of a manifest what we say, and take every file that is rendered', { timeout: 20_000 }, async () => {
    const judged = await verdictsOnManifest(facts);
    expect(judged.length).toBeGreaterThan(3_800);
    expect(unexplained(judged, onManifest)).toEqual([]);
    expect(idle(judged, onManifest)).toEqual([]);
    expect(judged.filter(({ refusals = [] }) => refusals.length > 0)).toEqual([]);
  });
});
