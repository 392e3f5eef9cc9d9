/** What `/scifi-privacy` and `/scifi-forget` say, in every chat. Pure. */
import { StoryError } from '../../errors.ts';

/** What an operator has decided about what people ask for. */
export interface PrivacyPolicy {
  /** How long replies and stories are kept after their end. */
  readonly retentionMs: number;
  /** Where the operator's own policy can be read; undefined where there is none. */
  readonly url: string | undefined;
}

const HOUR_MS = 3_600_000;

/** What is kept, for how long, and how it ends. */
export function privacyLines({ retentionMs, url }: PrivacyPolicy): string {
  const hours = Math.round(retentionMs / HOUR_MS);
  const kept = hours === 1 ? 'an hour' : `${hours.toLocaleString('en')} hours`;
  return [
    'What you ask me for is kept with your id here until your story has ended, and for ' +
      `${kept} after that: the opening, the settings and the story. Then it is deleted.`,
    'Logs hold ids and error codes, never what you or I wrote. Nothing is used for training, sold or passed on. ' +
      'How many stories you asked for is counted under a key that changes every day and does not name you.',
    '`/scifi-forget` deletes what I keep of you at once.',
    ...(url ? [`More: ${url}`] : []),
  ].join('\n');
}

/** After everything is forgotten. */
const FORGOTTEN =
  'Done. Stories of yours that were under way are stopped, and nothing that I keep holds your id any more. What was ' +
  'posted stays in the chat until somebody deletes it there, and a quota that is used up is not filled again.';

const STILL_BLOCKED =
  'A block list still holds your id, until the block is lifted: without it the block would have no effect.';

/** @param isBlocked whether a block list holds the person's id, which stays there */
export function forgottenLines(isBlocked: boolean): string {
  return isBlocked
    ? `${FORGOTTEN.replace('nothing that', 'nothing else that')}\n${STILL_BLOCKED}`
    : FORGOTTEN;
}

/** How often somebody may have everything looked through. */
const INTERVAL_MS = 60_000;
/** Persons remembered at most; beyond that the oldest may ask again. */
const REMEMBERED = 10_000;

/** Sees that nobody has the whole queue looked through again and again. */
export class ForgetGuard {
  readonly #clock: () => number;
  readonly #asked = new Map<string, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** @throws StoryError `busy` when the same person asked within the last minute */
  enter(person: string): void {
    const now = this.#clock();
    const before = this.#asked.get(person);
    if (before !== undefined && now - before < INTERVAL_MS) {
      throw new StoryError('busy', 'You asked for that a moment ago. Try again in a minute.');
    }
    this.#asked.delete(person);
    this.#asked.set(person, now);
    if (this.#asked.size > REMEMBERED) this.#asked.delete(this.#asked.keys().next().value!);
  }
}
