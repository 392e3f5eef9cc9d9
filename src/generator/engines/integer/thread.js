/** A thread of the integer engine. Wiring only. */
import { readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { attach, serve } from './attach.js';

/**
 * The nice value of a thread that computes: the event loop, the bots and the queue get a processor before it. It
 * counts within a control group only, so programs of other services and containers gain nothing by it.
 */
const NICE = 5;

lowerPriority();

const { kernel, memory, network, jobs, issued, thread } = workerData;
const loaded =
  kernel.kind === 'native' ? { ...kernel, addon: createRequire(import.meta.url)(kernel.file) } : kernel;
const decode = attach(loaded, memory, thread);
const words = new Int32Array(kernel.kind === 'native' ? memory : memory.buffer);
parentPort.postMessage('ready');
serve(
  words,
  issued,
  jobs,
  thread,
  (job) => decode(network, job.at),
  (index) => parentPort.postMessage(index),
);

/** On Linux, where each thread has a nice value of its own. Without it stories are the same, and the loop waits longer. */
function lowerPriority() {
  if (process.platform !== 'linux') return;
  try {
    // PROCESS/task/THREAD
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICE);
  } catch {
    // A sandbox without /proc, or one that forbids it.
  }
}
