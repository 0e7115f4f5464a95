/** The tests run on the runner's Node. npm scripts find it first on their path, from the node-* packages. */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(`This is Node ${process.versions.node}; the tests need 24, as the runner has.`);
  console.error('Run them by npm (npm test), which brings Node 24 with "npm ci"; on macOS install Node 24 yourself.');
  process.exit(1);
}
