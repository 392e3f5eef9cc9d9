/** Reads messages back: a story of the bot's own from its text and buttons, any other from its words. */
import type { Message } from 'discord.js';
import { StoryError } from '../../errors.ts';
import type { ModelChoice } from '../../story/story.ts';
import type { FindMessage, SeenMessage, StoryReference } from '../read-story.ts';
import type { DiscordApi } from './api.ts';
import { partsOf } from './asking.ts';
import { decodeButton, isOwn, type OwnButton } from './buttons.ts';
import { customIdsIn } from './components.ts';
import { partsOfWire, type TextParts, textOfMessage } from './markup.ts';
import { markupOf, readPart } from './message-format.ts';

export class SeenMessages {
  readonly #api: DiscordApi;
  readonly #botId: string;

  constructor(api: DiscordApi, botId: string) {
    this.#api = api;
    this.#botId = botId;
  }

  of(message: Message): SeenMessage {
    return this.#seenAs(message.id, message.author.id, partsOf(message));
  }

  /** Finds messages of a channel. */
  in(channelId: string): FindMessage {
    return async (id) => {
      const message = await this.#api.read(channelId, id);
      return this.#seenAs(id, message.author.id, partsOfWire(message));
    };
  }

  #seenAs(id: string, authorId: string, parts: TextParts): SeenMessage {
    const markup = markupOf(parts);
    // A forwarded story of the bot's own has its text in the forwarded message.
    if (authorId !== this.#botId || markup === '') return { id, part: { text: textOfMessage(parts) } };
    const buttons = customIdsIn(parts.components ?? []).map(decodeButton);
    const reference = buttons.find((button) => button && !isOwn(button)) as StoryReference | undefined;
    const own = buttons.find((button) => button && isOwn(button)) as OwnButton | undefined;
    return { id, part: readPart(markup), reference, replyId: own?.replyId };
  }
}

/**
 * A button's data with the whole name of its model.
 *
 * @throws StoryError `model_unavailable` with a sentence
 */
export function withModel<Reference extends StoryReference>(
  reference: Reference,
  models: readonly ModelChoice[],
): Reference {
  const model = models.find(({ name }) => name.startsWith(reference.model))?.name;
  if (model) return { ...reference, model };
  throw new StoryError('model_unavailable', 'The model that wrote this is no longer here. Use /scifi.');
}
