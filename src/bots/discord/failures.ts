/**
 * Everything that can go wrong when Discord is asked for something, and what it means for a reply. The one
 * place where Discord's codes are read.
 */
import { DiscordAPIError, HTTPError, RESTJSONErrorCodes } from 'discord.js';
import { StoryError } from '../../errors.ts';

/** Stable codes, for decisions and for the log. */
export type DiscordFailure =
  | 'expired' // the interaction's token is too old, or nobody acknowledged it: the channel may still do
  | 'acknowledged' // somebody did that already
  | 'gone' // the message, the channel or the interaction is no more
  | 'forbidden' // the bot may not do that here
  | 'refused' // AutoMod does not like the text
  | 'unauthorized' // Discord does not know the bot's token (any more)
  | 'temporary' // Discord or the way there has a bad moment
  | 'defect'; // Discord calls the request wrong: a mistake of ours

/** AutoMod, and the filter of harmful links, which has no name in discord.js. */
const HARMFUL_LINK = 240_000;

const MEANING = new Map<number | string, DiscordFailure>([
  [RESTJSONErrorCodes.UnknownWebhook, 'expired'],
  [RESTJSONErrorCodes.InvalidWebhookToken, 'expired'],
  [RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged, 'acknowledged'],
  [RESTJSONErrorCodes.UnknownInteraction, 'gone'],
  [RESTJSONErrorCodes.UnknownMessage, 'gone'],
  [RESTJSONErrorCodes.UnknownChannel, 'gone'],
  [RESTJSONErrorCodes.UnknownGuild, 'gone'],
  [RESTJSONErrorCodes.InvalidActionOnArchivedThread, 'forbidden'],
  [RESTJSONErrorCodes.MessageWasBlockedByAutomaticModeration, 'refused'],
  [RESTJSONErrorCodes.TitleWasBlockedByAutomaticModeration, 'refused'],
  [HARMFUL_LINK, 'refused'],
]);

/** What a rejected call to Discord means. */
export function failureOf(error: unknown): DiscordFailure {
  if (error instanceof DiscordAPIError) {
    const known = MEANING.get(error.code);
    if (known) return known;
    if (error.status === 401) return 'unauthorized';
    // A refusal in no words of Discord's comes from what protects it, and passes.
    if (error.status === 403) return error.code === undefined ? 'temporary' : 'forbidden';
    return error.status === 404 ? 'gone' : 'defect';
  }
  if (error instanceof HTTPError) return 'temporary';
  // A token that was refused once is forgotten by discord.js, so that it is not sent again and again.
  if (error instanceof Error && error.message.startsWith('Expected token to be set')) return 'unauthorized';
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'AbortError' || typeof code === 'string' ? 'temporary' : 'defect';
}

/** What an operator is told when something that Discord is needed for at the start did not come through. */
export function unreachable(cause: unknown): StoryError {
  const sentence = `Discord cannot be reached (${failureOf(cause)}). Check the network and DISCORD_API.`;
  return new StoryError('chat_unavailable', sentence, { cause });
}

/** An error as the log may hold it: codes, and nothing that anybody wrote. */
export function loggable(error: unknown): Record<string, unknown> {
  const { code, status, name } = error as { code?: unknown; status?: unknown; name?: unknown };
  const failure = failureOf(error);
  const reason = failure === 'defect' && error instanceof Error ? { reason: error.message } : {};
  return { failure, code: code ?? name, ...(status === undefined ? {} : { status }), ...reason };
}
