/** The thread in which a file is read: it is given one, answers once, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { readTree } from './hdf5-reader.ts';
import type { Hdf5ThreadTask } from './hdf5-tree.ts';

parentPort!.postMessage(await readTree(workerData as Hdf5ThreadTask));
