/** uvu with one addition: it counts, so that the run can end in `N passed, N failed`. */
import { type Callback, suite as uvuSuite } from "uvu";

export const counts = { passed: 0, failed: 0 };

/** Declares the tests of one suite: `body` calls `test(name, callback)`, and `tools/test.ts` runs them in order. */
export function suite(name: string, body: (test: (name: string, callback: Callback) => void) => void): void {
  const tests = uvuSuite(name);
  body((title, callback) =>
    tests(title, async (context) => {
      try {
        await callback(context);
        counts.passed++;
      } catch (error) {
        counts.failed++;
        throw error;
      }
    })
  );
  tests.run();
}
