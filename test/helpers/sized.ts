/** Whether this is `npm run test:all`, which runs suites on both queues and properties more often. */
export const IS_THOROUGH = Boolean(process.env.TEST_ALL);

/** A size of a test, such as the runs of a property: the first for `npm test`, the second for `npm run test:all`. */
export function sized<T>(quick: T, thorough: T): T {
  return IS_THOROUGH ? thorough : quick;
}

/** Options of a test whose subject other tests of `npm test` cover more quickly, or whose cost is seconds. */
export const THOROUGH_ONLY = { skip: IS_THOROUGH ? false : 'runs in `npm run test:all`' };
