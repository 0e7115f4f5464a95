import type { PairCertificates } from '../../src/model/identity.ts';

/** For tests whose manifests list their devices. It fails if a manifest has `devices: {from: …}`. */
export const noPairs: PairCertificates = async () => {
  throw new Error('no manifest of this test asks for devices from certificates');
};
