/**
 * The checkpoint of a run on disk: a folder with `checkpoint.json` (settings, progress, scores) and
 * `tensors.bin` (weights, optimizer slots, stream states, all in unchanged float32). A folder is renamed to
 * its final name when it is complete, so that a reader never sees a partial one.
 */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoryError } from '../../errors.ts';
import { sha256Of } from '../../generator/model/files.ts';
import { packWeights, type Tensor, unpackWeights, type WeightSpec } from '../../generator/model/weights.ts';
import { makeFolder } from '../../make-folder.ts';

export interface Checkpoint<Progress> {
  readonly progress: Progress;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const FILE = 'checkpoint.json';
const TENSORS_FILE = 'tensors.bin';
const VERSION = 1;

interface CheckpointFile<Progress> {
  readonly version: number;
  readonly progress: Progress;
  readonly specs: readonly WeightSpec[];
  readonly sha256: string;
}

/** Writes a checkpoint below a folder, under a new name. */
export async function saveCheckpoint<Progress>(
  folder: string,
  name: string,
  { progress, tensors }: Checkpoint<Progress>,
): Promise<void> {
  const { parts, specs } = packWeights([...tensors.values()], 'float32');
  const file: CheckpointFile<Progress> = { version: VERSION, progress, specs, sha256: sha256Of(...parts) };
  const target = join(folder, name);
  const unfinished = `${target}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await makeFolder(unfinished);
  await writeFile(join(unfinished, TENSORS_FILE), parts, { flush: true });
  await writeFile(join(unfinished, FILE), `${JSON.stringify(file, null, 1)}\n`, { flush: true });
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}

/** @throws StoryError `bad_request` when it is damaged or of another version */
export async function loadCheckpoint<Progress>(folder: string, name: string): Promise<Checkpoint<Progress>> {
  const path = join(folder, name);
  try {
    const file = JSON.parse(await readFile(join(path, FILE), 'utf8')) as CheckpointFile<Progress>;
    if (file.version !== VERSION) throw new Error(`it is of version ${file.version}`);
    // A copy: Node reads small files into the middle of a larger buffer.
    const bytes = Uint8Array.from(await readFile(join(path, TENSORS_FILE)));
    if (sha256Of(bytes) !== file.sha256) throw new Error(`${TENSORS_FILE} was changed or damaged`);
    return { progress: file.progress, tensors: unpackWeights(file.specs, bytes) };
  } catch (cause) {
    const reason = (cause as Error).message;
    const sentence = `The checkpoint ${path} cannot be used: ${reason}. Remove its folder to go on from the one before.`;
    throw new StoryError('bad_request', sentence, { cause });
  }
}

/** Names of the checkpoints below a folder, oldest first. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.endsWith('.new'))
    .map(({ name }) => name)
    .toSorted();
}

export async function removeCheckpoint(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { recursive: true, force: true });
}
