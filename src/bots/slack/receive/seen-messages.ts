/** Reads messages back: a story of the bot's own from its blocks and buttons, any other from its words. */
import type { FindMessage, SeenMessage } from '../../read-story.ts';
import { clean } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import { locate, messageId, type SlackConversation } from '../conversations.ts';
import type { WireMessage } from '../history.ts';
import { readMarkup } from '../markup.ts';
import { referenceIn } from '../reply/buttons.ts';
import { readBlocks, replyIdOf } from '../reply/messages.ts';

/** A message as the input of a story. */
export function seenAs(message: WireMessage, botId: string | undefined): SeenMessage {
  const id = messageId(message);
  const isOwn = botId !== undefined && message.bot_id === botId;
  const story = isOwn ? readBlocks(message.blocks) : undefined;
  const reference = isOwn ? referenceIn(message.blocks) : undefined;
  const replyId = isOwn ? replyIdOf(message.blocks) : undefined;
  return { id, part: { text: story ?? clean(readMarkup(message.text ?? '')) }, reference, replyId };
}

/** Finds messages of a conversation. */
export function finderIn(
  api: SlackApi,
  conversation: SlackConversation,
  botId: string | undefined,
): FindMessage {
  return async (id) => {
    const at = locate(id, conversation);
    const message = await api.history.read(at.conversation, at.ts);
    if (!message) throw new Error('Slack has no such message.');
    return seenAs(message, botId);
  };
}
