/**
 * The data of a button. A button has to work after a restart of every process and on messages of any age, so
 * all of its data is in its value and in the message itself.
 */
import { z } from 'zod';
import { AGAIN_LABELS, type Again } from '../../../story/story.ts';
import type { StoryReference } from '../../read-story.ts';

/** The prefix of the action id of every button of the bot. */
const ACTION_PREFIX = 'scifi-';
export const ANY_BUTTON = /^scifi-(stop|continue|another|warmer|cooler)$/;
/** Changes when the meaning of the fields changes. */
const VERSION = 1;

export type Button =
  | { readonly action: 'stop'; readonly replyId: string; readonly userId: string }
  | ({ readonly action: Again } & StoryReference);

const Stop = z.object({ v: z.literal(VERSION), reply: z.string(), user: z.string() });
const Reference = z.object({
  v: z.literal(VERSION),
  model: z.string(),
  temperature: z.number(),
  length: z.number(),
  seed: z.number(),
  promptLength: z.number(),
  source: z.string().optional(),
});

export function actionIdOf(action: Button['action']): string {
  return ACTION_PREFIX + action;
}

export function stopValue(reply: string, user: string): string {
  return JSON.stringify({ v: VERSION, reply, user } satisfies z.infer<typeof Stop>);
}

export function againValue({
  model,
  temperature,
  length,
  seed,
  promptLength,
  source,
}: StoryReference): string {
  const reference = { v: VERSION, model, temperature, length, seed, promptLength, source } as const;
  return JSON.stringify(reference satisfies z.infer<typeof Reference>);
}

/** The button behind an action; undefined when it is not one of the bot's, or of another version. */
export function decodeButton(actionId: string, value: string | undefined): Button | undefined {
  const action = actionId.slice(ACTION_PREFIX.length);
  const known = readJson(value);
  if (action === 'stop') {
    const { data } = Stop.safeParse(known);
    return data && { action, replyId: data.reply, userId: data.user };
  }
  if (!(action in AGAIN_LABELS)) return undefined;
  const { data } = Reference.safeParse(known);
  if (!data) return undefined;
  const { v: _, ...reference } = data;
  return { action: action as Again, ...reference };
}

function readJson(value: string | undefined): unknown {
  try {
    return JSON.parse(value ?? '');
  } catch {
    return undefined;
  }
}
