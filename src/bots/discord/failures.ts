/**
 * Every failure of a call to Discord, and what it means for a reply. The only module that reads Discord's
 * error codes.
 */
import { DiscordAPIError, HTTPError, RESTJSONErrorCodes } from 'discord.js';
import { StoryError } from '../../errors.ts';

/** Stable codes, for decisions and for the log. */
export type DiscordFailure =
  | 'expired' // the interaction's token is too old, or it was not acknowledged: the channel may still work
  | 'acknowledged' // the interaction has been acknowledged already
  | 'gone' // the message, the channel or the interaction no longer exists
  | 'forbidden' // the bot lacks the permission
  | 'refused' // AutoMod blocked the text
  | 'unauthorized' // Discord does not accept the bot's token (any more)
  | 'temporary' // Discord or the network fails for the moment
  | 'defect'; // Discord calls the request invalid: a defect of this program

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

/** Classifies a rejected call to Discord. */
export function failureOf(error: unknown): DiscordFailure {
  if (error instanceof DiscordAPIError) {
    const known = MEANING.get(error.code);
    if (known) return known;
    if (error.status === 401) return 'unauthorized';
    // A 403 without one of Discord's codes comes from the proxy in front of Discord, and passes.
    if (error.status === 403) return error.code === undefined ? 'temporary' : 'forbidden';
    return error.status === 404 ? 'gone' : 'defect';
  }
  if (error instanceof HTTPError) return 'temporary';
  // discord.js drops a token that was rejected once, so that it is not sent again and again.
  if (error instanceof Error && error.message.startsWith('Expected token to be set')) return 'unauthorized';
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'AbortError' || typeof code === 'string' ? 'temporary' : 'defect';
}

/** The error for the operator when a request to Discord fails at the start. */
export function unreachable(cause: unknown): StoryError {
  const sentence = `Discord cannot be reached (${failureOf(cause)}). Check the network and DISCORD_API.`;
  return new StoryError('chat_unavailable', sentence, { cause });
}

/** An error in the form that may be logged: codes, and no text of a user. */
export function loggable(error: unknown): Record<string, unknown> {
  const { code, status, name } = error as { code?: unknown; status?: unknown; name?: unknown };
  const failure = failureOf(error);
  const reason = failure === 'defect' && error instanceof Error ? { reason: error.message } : {};
  return { failure, code: code ?? name, ...(status === undefined ? {} : { status }), ...reason };
}
