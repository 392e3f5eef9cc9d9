/**
 * The calls to Discord that a reply needs, over discord.js's own REST client. Every result states how long to
 * wait before the next call, as Discord's headers prescribe.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import {
  type APIChannel,
  type APIMessage,
  DefaultRestOptions,
  InteractionResponseType,
  MessageFlags,
  REST,
  type RESTOptions,
  type RESTPatchAPIChannelMessageJSONBody,
  type ResponseLike,
  type RouteLike,
  Routes,
  SnowflakeUtil,
} from 'discord.js';
import { customIdsIn, IS_COMPONENTS_V2, textsIn } from './components.ts';
import { InvalidBudget } from './invalid-budget.ts';

/** The part of a message that replies use. */
export type MessageBody = Pick<RESTPatchAPIChannelMessageJSONBody, 'content' | 'components' | 'flags'>;

/** The result of a call. */
export interface Sent {
  readonly id: string;
  /** Time until the rate-limit bucket of this call has room again at an even pace. */
  readonly pauseMs: number;
  /** Whether the message shows what this call sent; one posted earlier under the same nonce may be older. */
  readonly isCurrent: boolean;
}

/**
 * Half of Discord's limit of 50 requests a second for a bot: the one-second windows here and at Discord are
 * not aligned, so one of Discord's windows can overlap the end of one of ours and the start of the next.
 */
const BOT_REQUESTS_PER_SECOND = 25;
/** Sweeps the handlers of unused buckets; every interaction leaves one. discord.js keeps them for an hour. */
const HANDLER_SWEEP_MS = 60_000;
const NONCE_LENGTH = 24;
/** The most messages in one answer of Discord. */
export const PAGE_MAX = 100;
/** Tolerance for the difference between the local clock and Discord's. */
const LOOK_EARLIER_MS = 60_000;
/**
 * Invalid responses allowed in ten minutes, for calls that a user waits for and for calls that no user asked
 * for. Discord bans an address after 10,000, and many processes may share one.
 */
const INVALID_ALLOWED = { asked: 300, unasked: 30 } as const;
/** Whether the current call is one that no user asked for. */
const unasked = new AsyncLocalStorage<true>();

export interface DiscordApiOptions {
  /** Base URL without the API version. */
  readonly api: string;
  readonly token: string;
}

export class DiscordApi {
  /** For requests authenticated as the bot. */
  readonly bot: REST;
  /** For responses to interactions, which Discord's global limit of 50 a second does not count. */
  readonly #answers: REST;
  readonly #asked = new InvalidBudget(() => performance.now(), INVALID_ALLOWED.asked);
  readonly #unasked = new InvalidBudget(() => performance.now(), INVALID_ALLOWED.unasked);

  constructor({ api, token }: DiscordApiOptions) {
    const options = this.restOptions(api);
    this.bot = new REST({ ...options, globalRequestsPerSecond: BOT_REQUESTS_PER_SECOND }).setToken(token);
    this.#answers = new REST({ ...options, globalRequestsPerSecond: Number.POSITIVE_INFINITY });
  }

  /** The options with which every REST client of this process talks to Discord. */
  restOptions(api: string): Partial<RESTOptions> {
    return {
      api,
      handlerSweepInterval: HANDLER_SWEEP_MS,
      makeRequest: (url, init) => {
        const budget = unasked.getStore() ? this.#unasked : this.#asked;
        return budget.spend(() => DefaultRestOptions.makeRequest(url, init));
      },
    };
  }

  /** Makes calls that no user asked for: they never use up the budget of calls that a user waits for. */
  unasked<Result>(act: () => Promise<Result>): Promise<Result> {
    return unasked.run(true, act);
  }

  /**
   * Sends the "thinking…" acknowledgement, or a silent one to a button's interaction whose response is the message
   * `on`, if none has been sent yet.
   */
  async acknowledge(
    interaction: { readonly id: string; readonly token: string; readonly on?: string },
    isPrivate = false,
  ): Promise<void> {
    const { DeferredMessageUpdate, DeferredChannelMessageWithSource } = InteractionResponseType;
    await this.#answers.post(Routes.interactionCallback(interaction.id, interaction.token), {
      auth: false,
      body: {
        type: interaction.on ? DeferredMessageUpdate : DeferredChannelMessageWithSource,
        ...(isPrivate && !interaction.on ? { data: { flags: MessageFlags.Ephemeral } } : {}),
      },
    });
  }

  /** Edits the response to an interaction. */
  editAnswer(applicationId: string, token: string, body: MessageBody): Promise<Sent> {
    const route = Routes.webhookMessage(applicationId, token, '@original');
    return sent(this.#answers, 'PATCH', route, quiet(inPlaceOfContent(body)), false);
  }

  /** Edits one of the bot's own messages in a channel. */
  edit(channelId: string, messageId: string, body: MessageBody): Promise<Sent> {
    const route = Routes.channelMessage(channelId, messageId);
    return sent(this.bot, 'PATCH', route, quiet(inPlaceOfContent(body)));
  }

  /**
   * Posts a message in a channel.
   *
   * @param key two posts under one key within a few minutes create one message
   */
  send(channelId: string, key: string, body: MessageBody, replyTo?: string): Promise<Sent> {
    const nonce = createHash('sha256').update(key).digest('base64url').slice(0, NONCE_LENGTH);
    const reference = replyTo && { message_reference: { message_id: replyTo, fail_if_not_exists: false } };
    const whole = { ...quiet(body), ...reference, nonce, enforce_nonce: true };
    return sent(this.bot, 'POST', Routes.channelMessages(channelId), whole);
  }

  /** Deletes the response to an interaction. */
  async deleteAnswer(applicationId: string, token: string): Promise<void> {
    await this.#answers.delete(Routes.webhookMessage(applicationId, token, '@original'), { auth: false });
  }

  /** Deletes one of the bot's own messages in a channel. */
  async delete(channelId: string, messageId: string): Promise<void> {
    await this.bot.delete(Routes.channelMessage(channelId, messageId));
  }

  /** Sends the user of an acknowledged interaction an ephemeral message. */
  async followUp(applicationId: string, token: string, content: string): Promise<void> {
    await this.#answers.post(Routes.webhook(applicationId, token), {
      auth: false,
      body: { ...quiet({ content }), flags: MessageFlags.Ephemeral },
    });
  }

  /** Sends a direct message; rejects when the user does not accept messages from the bot. */
  async sendDirectly(userId: string, key: string, body: MessageBody): Promise<void> {
    const channel = (await this.bot.post(Routes.userChannels(), {
      body: { recipient_id: userId },
    })) as APIChannel;
    await this.send(channel.id, key, body);
  }

  /** Reads a message. */
  async read(channelId: string, messageId: string): Promise<APIMessage> {
    return (await this.bot.get(Routes.channelMessage(channelId, messageId))) as APIMessage;
  }

  /** The first messages of a channel that are not older than a moment, in ms since 1970. */
  async since(channelId: string, at: number): Promise<readonly APIMessage[]> {
    return this.after(channelId, SnowflakeUtil.generate({ timestamp: at - LOOK_EARLIER_MS }).toString());
  }

  /** The messages of a channel after one, at most `PAGE_MAX`, the newest first. */
  async after(channelId: string, id: string): Promise<readonly APIMessage[]> {
    const query = new URLSearchParams({ after: id, limit: String(PAGE_MAX) });
    return (await this.bot.get(Routes.channelMessages(channelId), { query })) as APIMessage[];
  }

  close(): void {
    for (const rest of [this.bot, this.#answers]) {
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    }
  }
}

async function sent(
  rest: REST,
  method: 'PATCH' | 'POST',
  fullRoute: RouteLike,
  body: MessageBody,
  auth = true,
): Promise<Sent> {
  const response = await rest.queueRequest({ method: method as never, fullRoute, body, auth });
  const message = (await response.json()) as APIMessage;
  const isCurrent = method === 'PATCH' || shownBy(message) === shownBy(body);
  return { id: message.id, pauseMs: pauseOf(response.headers), isCurrent };
}

/** A body that notifies no user: the only control over mentions that Discord guarantees. */
function quiet(body: MessageBody): MessageBody & { readonly allowed_mentions: { readonly parse: [] } } {
  return { ...body, allowed_mentions: { parse: [] } };
}

/**
 * An edit that also converts a message with content, such as one of an edited reply from an earlier version:
 * Discord accepts components in its place only if the content is taken away.
 */
function inPlaceOfContent(body: MessageBody): MessageBody {
  return (body.flags ?? 0) & IS_COMPONENTS_V2 ? { ...body, content: null } : body;
}

/** The texts and the buttons of a message, comparable; Discord trims texts, and gives every component an id. */
function shownBy({ content, components }: MessageBody): string {
  const texts = [content ?? '', ...textsIn(components ?? [])].map((text) => text.trim());
  return JSON.stringify([texts, customIdsIn(components ?? [])]);
}

/** The remaining calls of a bucket, spread evenly over the time until it is full again. */
export function pauseOf(headers: Pick<ResponseLike['headers'], 'get'>): number {
  const remaining = headers.get('x-ratelimit-remaining');
  const resetAfterMs = Number(headers.get('x-ratelimit-reset-after') ?? 0) * 1_000;
  return remaining === null || !(resetAfterMs > 0) ? 0 : resetAfterMs / Math.max(1, Number(remaining));
}
