// Names the tests that passed at the second try only, where a run allows one (`--retry`): they are looked into, not forgotten.

/** Vitest calls it when all tests are over. */
export default class SecondTries {
  /** @param {ReadonlyArray<import('vitest/node').TestModule>} modules */
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const unsteady = tests.filter((test) => test.diagnostic()?.flaky);
    if (unsteady.length === 0) return;
    console.log(`\nPassed at the second try only: ${unsteady.length}`);
    for (const test of unsteady) {
      console.log(`  ${test.module.relativeModuleId} > ${test.fullName}`);
      for (const { message } of test.result().errors ?? []) console.log(`    ${message}`);
    }
  }
}
