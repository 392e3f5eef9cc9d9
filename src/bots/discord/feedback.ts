/** The buttons with which every user who sees a story can rate it. */
import type { ButtonInteraction } from 'discord.js';
import { isRatable, VERDICT_EMOJI, VERDICT_LABELS, VERDICTS, type Verdict } from '../../story/feedback.ts';
import type { ReplyState, StoryRequest } from '../../story/story.ts';
import type { ChatContext } from '../chat-context.ts';
import { EPHEMERAL, requesterOf } from './asking.ts';
import type { Row } from './components.ts';
import type { DiscordHandle } from './surface.ts';

/** Discord's numeric types; discord.js is not loaded for them. */
const ACTION_ROW = 1;
const BUTTON = 2;
const SECONDARY = 2;

/** First characters of every id, in the form of `buttons.ts`, whose letters they are not among. */
const PREFIX: Readonly<Record<Verdict, string>> = { liked: '2:+:', disliked: '2:-:' };

/** The row under an ended reply; none under one without a story. */
export function feedbackRows(
  state: ReplyState,
  { id, request }: { readonly id: string; readonly request: StoryRequest },
): Row[] {
  if (!isRatable(state, request)) return [];
  const components = VERDICTS.map((verdict) => {
    // Screen readers read the label; they name the emoji in different ways, or not at all.
    const look = {
      style: SECONDARY,
      emoji: { name: VERDICT_EMOJI[verdict] },
      label: VERDICT_LABELS[verdict],
    };
    return { type: BUTTON, ...look, custom_id: PREFIX[verdict] + id };
  });
  return [{ type: ACTION_ROW, components } as Row];
}

/** The reply and the verdict behind a `custom_id`; undefined for other buttons. */
export function decodeFeedback(
  customId: string,
): { readonly replyId: string; readonly verdict: Verdict } | undefined {
  const verdict = VERDICTS.find((one) => customId.startsWith(PREFIX[one]));
  const replyId = verdict && customId.slice(PREFIX[verdict].length);
  return verdict && replyId ? { verdict, replyId } : undefined;
}

/** Counts a press, and tells its user what has become of it. */
export async function takeFeedback(
  interaction: ButtonInteraction,
  rated: { readonly replyId: string; readonly verdict: Verdict },
  chat: ChatContext<DiscordHandle>,
): Promise<void> {
  const { user, guildId, createdTimestamp } = interaction;
  // Acknowledged first: a queue that is slow would outlast Discord's three seconds.
  await interaction.deferReply({ flags: EPHEMERAL.flags });
  const { person } = requesterOf(user.id, guildId);
  const content = await chat.rate({ ...rated, rater: person, pressedAt: createdTimestamp });
  await interaction.editReply({ content, allowedMentions: EPHEMERAL.allowedMentions });
}
