/** A thread of the integer engine. Wiring only. */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { attach, serve } from './attach.js';

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
