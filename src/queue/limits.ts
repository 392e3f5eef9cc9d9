/**
 * Admission: whether a story can be promised soon. Quotas of persons and servers belong here, too.
 */
import { StoryError } from '../errors.ts';
import type { Asker } from './asker.ts';
import type { Stories } from './stories.ts';

/**
 * Refuses when the queue is too long to promise anything.
 *
 * @param maxWaiting stories that may wait for a writer
 * @param _asker who asks; undefined for what the bot does by itself
 * @throws StoryError `busy`
 */
export async function admit(stories: Stories, maxWaiting: number, _asker?: Asker): Promise<void> {
  const waiting = await stories.waitingCount();
  if (waiting < maxWaiting) return;
  throw new StoryError('busy', `${waiting} stories are waiting already. Try again in a few minutes.`);
}
