/** The thread that reads one file, answers once, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { readTree } from './hdf5-reader.ts';
import type { Hdf5Dataset, Hdf5Group, Hdf5ThreadTask } from './hdf5-tree.ts';

/** The arrays' buffers, which are transferred instead of copied. */
function buffersIn(node: Hdf5Group | Hdf5Dataset): ArrayBuffer[] {
  if (node.kind === 'group') return [...node.members.values()].flatMap(buffersIn);
  return node.values ? [node.values.buffer as ArrayBuffer] : [];
}

const answer = await readTree(workerData as Hdf5ThreadTask);
parentPort!.postMessage(answer, 'root' in answer ? buffersIn(answer.root) : []);
