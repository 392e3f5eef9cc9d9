/**
 * Loaded before a process's own code (`--import`): its wall clock is off by the number of milliseconds in the
 * file `TEST_CLOCK_FILE`, as after a change of the system time. The monotonic clock is unaffected, as it is
 * then.
 */
import { readFileSync } from 'node:fs';

const READ_INTERVAL_MS = 100;
const RealDate = Date;
const realNow = Date.now;
let offsetMs = 0;

const read = () => {
  offsetMs = Number(readFileSync(process.env.TEST_CLOCK_FILE!, 'utf8'));
};
read();
setInterval(read, READ_INTERVAL_MS).unref();

Date.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) => (args.length === 0 ? new target(Date.now()) : Reflect.construct(target, args)),
  apply: () => new RealDate(Date.now()).toString(),
});
