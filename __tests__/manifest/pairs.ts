import type { PairCertificates } from '../../src/model/identity.ts';

/** For manifests that name their devices themselves. */
export const noPairs: PairCertificates = async () => {
  throw new Error('no manifest of this test asks for devices from certificates');
};
