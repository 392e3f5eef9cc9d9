/** `/scifi-privacy` and `/scifi-forget`. */
import { StoryError } from '../../errors.ts';
import { type Clock, Cooldowns } from '../cooldowns.ts';
import { slackEscaping } from '../text.ts';
import { type Command, PLAIN } from './command.ts';

/** The operator's policy on users' requests. */
export interface PrivacyPolicy {
  /** How long replies and stories are kept after they end. */
  readonly retentionMs: number;
  /** How long shared stories are kept; undefined where stories are not shared. */
  readonly shareMs?: number | undefined;
  /** How long a channel's finished works are kept on its shelf. */
  readonly shelfMs: number;
  /** Address of the operator's own policy; undefined where there is none. */
  readonly url: string | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Which data is kept, for how long, and how it is removed. */
function privacyLines({ retentionMs, shareMs, shelfMs, url }: PrivacyPolicy): string {
  const hours = Math.round(retentionMs / HOUR_MS);
  const kept = hours === 1 ? 'an hour' : `${hours.toLocaleString('en')} hours`;
  return [
    'What you ask me for is kept with your id here until your story has ended, and for ' +
      `${kept} after that: the opening, the settings and the story. Then it is deleted.`,
    'Lines that you write in a relay are kept as long, with your name in this chat and not with your id; ' +
      '`/scifi-shelf` has them without your name.',
    'Logs hold ids and error codes, never what you or I wrote. Nothing is used for training, sold or passed on. ' +
      'How many stories you asked for is counted under a key that changes every day and does not name you.',
    'Likes and dislikes are counted by model and settings. With a story, and as long as it is kept, a hash that does not ' +
      'name you allows you one of them.',
    ...(shareMs === undefined
      ? []
      : [
          'A story that you share is a page for everyone who has its address, until you delete the story, for ' +
            `${Math.round(shareMs / DAY_MS).toLocaleString('en')} days at most. Your id is kept with it.`,
        ]),
    'A story that a channel has written together is listed in its `/scifi-shelf` with the id of the user who started it, for ' +
      `${Math.round(shelfMs / DAY_MS).toLocaleString('en')} days at most. Its leaderboard names only users who have joined it.`,
    '`/scifi-forget` deletes what I keep of you at once.',
    ...(url ? [`More: ${url}`] : []),
  ].join('\n');
}

/** The answer after a user's data is removed. */
const FORGOTTEN =
  'Done. Stories of yours that were under way are stopped, and nothing that I keep holds your id any more. What was ' +
  'posted stays in the chat until it is deleted there, and a quota that is used up is not filled again.';

const STILL_BLOCKED =
  'A block list still holds your id, until the block is lifted: without it the block would have no effect.';

/** @param isBlocked whether a block list holds the user's id, which stays there */
function forgottenLines(isBlocked: boolean): string {
  return isBlocked
    ? `${FORGOTTEN.replace('nothing that', 'nothing else that')}\n${STILL_BLOCKED}`
    : FORGOTTEN;
}

/** Shortest time between two removals for one user. */
const INTERVAL_MS = 60_000;

/** Limits how often a user can trigger a scan of the whole queue. */
export class ForgetGuard {
  readonly #asked: Cooldowns;

  constructor(clock: Clock) {
    this.#asked = new Cooldowns(INTERVAL_MS, clock);
  }

  /** @throws StoryError `busy` when the same user asked within the last minute */
  enter(person: string): void {
    if (this.#asked.tryBegin(person)) return;
    throw new StoryError('busy', 'You asked for that a moment ago. Try again in a minute.');
  }
}

export const PRIVACY = {
  ...PLAIN,
  name: 'scifi-privacy',
  description: 'Which of your data I keep, and for how long',
  ignoresBlocks: 'all',
  async run(_, { platform }, { privacy: { retentionMs, shareMs, shelfMs, url } }) {
    const address = platform === 'slack' && url ? slackEscaping.escape(url) : url;
    return privacyLines({ retentionMs, shareMs, shelfMs, url: address });
  },
} as const satisfies Command<null>;

export const FORGET = {
  ...PLAIN,
  name: 'scifi-forget',
  description: 'Stop your stories and delete the data that I keep of you',
  ignoresBlocks: 'all',
  async run(_, { platform, userId, person, forget }, { forgetGuard, blocks, shares, feedback }) {
    forgetGuard.enter(person);
    await forget();
    await shares.forgetOwner(person);
    await feedback.forgetRater(person);
    return forgottenLines(await blocks.holds(platform, userId));
  },
} as const satisfies Command<null>;
