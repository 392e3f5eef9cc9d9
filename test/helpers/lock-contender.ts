/**
 * A process that takes and releases folder locks on its parent's command, so that several can contend for
 * one.
 */
import { type FolderLock, lockFolder } from '../../src/queue/backends/embedded/folder-lock.ts';

let lock: FolderLock | undefined;

/** Takes the lock on `message.take`, or releases its current one; answers with the result. */
process.on('message', async (message: { take?: string }) => {
  if (message.take === undefined) {
    await lock?.release();
    lock = undefined;
    process.send!('released');
    return;
  }
  try {
    lock = await lockFolder(message.take);
    process.send!('held');
  } catch (error) {
    process.send!((error as { code?: string }).code ?? String(error));
  }
});
process.send!('up');
