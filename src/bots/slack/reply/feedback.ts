/** The buttons with which every user who sees a story can rate it: Slack's own element for feedback. Pure. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { isRatable, VERDICT_EMOJI, VERDICT_LABELS, VERDICTS, type Verdict } from '../../../story/feedback.ts';
import type { ReplyState, StoryRequest } from '../../../story/story.ts';

export const FEEDBACK_ACTION = 'scifi-feedback';
/** Changes when the meaning of the fields changes. */
const VERSION = 1;

const Value = z.object({ v: z.literal(VERSION), reply: z.string(), verdict: z.enum(VERDICTS) });

/** The block under an ended reply; none under one without a story. */
export function feedbackBlocks(
  state: ReplyState,
  { id, request }: { readonly id: string; readonly request: StoryRequest },
): types.ContextActionsBlock[] {
  if (!isRatable(state, request)) return [];
  const buttonOf = (verdict: Verdict) => {
    const value = { v: VERSION, reply: id, verdict } satisfies z.infer<typeof Value>;
    return {
      text: { type: 'plain_text' as const, text: VERDICT_EMOJI[verdict] },
      accessibility_label: VERDICT_LABELS[verdict],
      value: JSON.stringify(value),
    };
  };
  const positive_button = buttonOf('liked');
  const negative_button = buttonOf('disliked');
  const element = {
    type: 'feedback_buttons',
    action_id: FEEDBACK_ACTION,
    positive_button,
    negative_button,
  } as const;
  return [{ type: 'context_actions', elements: [element] }];
}

/** The reply and the verdict behind a value; undefined when it is of another version. */
export function decodeFeedback(
  value: string,
): { readonly replyId: string; readonly verdict: Verdict } | undefined {
  try {
    const { reply, verdict } = Value.parse(JSON.parse(value));
    return { replyId: reply, verdict };
  } catch {
    return undefined;
  }
}
