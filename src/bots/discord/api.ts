/**
 * The calls to Discord that a reply needs, over discord.js's own REST client. Every result states how long to
 * wait before the next call, as Discord's headers prescribe.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import {
  type APIChannel,
  type APIMessage,
  type APIMessageTopLevelComponent,
  DefaultRestOptions,
  InteractionResponseType,
  REST,
  type RESTOptions,
  type RESTPatchAPIChannelMessageJSONBody,
  type ResponseLike,
  type RouteLike,
  Routes,
} from 'discord.js';
import { rateLimited } from '../../metrics.ts';
import type { Clock } from '../cooldowns.ts';

/** The part of a message that replies use. */
export type MessageBody = Pick<RESTPatchAPIChannelMessageJSONBody, 'content' | 'components'>;

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

  /** Sends the "thinking…" acknowledgement, if it has not been sent yet. */
  async acknowledge(interaction: { readonly id: string; readonly token: string }): Promise<void> {
    await this.#answers.post(Routes.interactionCallback(interaction.id, interaction.token), {
      auth: false,
      body: { type: InteractionResponseType.DeferredChannelMessageWithSource },
    });
  }

  /** Edits the response to an interaction. */
  editAnswer(applicationId: string, token: string, body: MessageBody): Promise<Sent> {
    const route = Routes.webhookMessage(applicationId, token, '@original');
    return sent(this.#answers, 'PATCH', route, quiet(body), false);
  }

  /** Edits one of the bot's own messages in a channel. */
  edit(channelId: string, messageId: string, body: MessageBody): Promise<Sent> {
    const route = Routes.channelMessage(channelId, messageId);
    return sent(this.bot, 'PATCH', route, quiet(body));
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
  const isCurrent =
    method === 'PATCH' ||
    (message.content === body.content?.trim() &&
      customIdsOf(message.components ?? []).join() === customIdsOf(body.components ?? []).join());
  return { id: message.id, pauseMs: pauseOf(response.headers), isCurrent };
}

/** A body that notifies no user: the only control over mentions that Discord guarantees. */
function quiet(body: MessageBody): MessageBody & { readonly allowed_mentions: { readonly parse: [] } } {
  return { ...body, allowed_mentions: { parse: [] } };
}

/** The buttons under a message. */
export function customIdsOf(rows: readonly APIMessageTopLevelComponent[]): string[] {
  return rows.flatMap((row) =>
    'components' in row
      ? row.components.flatMap((component) => ('custom_id' in component ? [component.custom_id] : []))
      : [],
  );
}

/** The remaining calls of a bucket, spread evenly over the time until it is full again. */
export function pauseOf(headers: Pick<ResponseLike['headers'], 'get'>): number {
  const remaining = headers.get('x-ratelimit-remaining');
  const resetAfterMs = Number(headers.get('x-ratelimit-reset-after') ?? 0) * 1_000;
  return remaining === null || !(resetAfterMs > 0) ? 0 : resetAfterMs / Math.max(1, Number(remaining));
}

/** A large bot is allowed more, as a share of its calls. */
const ALLOWED_SHARE = 0.002;
const SLOT_MS = 60_000;
const SLOTS = 10;
const PROBE_INTERVAL_MS = 15_000;
/** Valid responses in a row after which calls are allowed again. */
const PROBES_NEEDED = 3;

/** A call that was not made. Its code classifies it as a temporary failure. */
export class CallsSuspended extends Error {
  readonly code = 'CALLS_SUSPENDED';

  constructor() {
    super('Discord has refused too many calls lately; this one is not made.');
    this.name = 'CallsSuspended';
  }
}

interface Slot {
  readonly from: number;
  calls: number;
  invalid: number;
}

/**
 * Discord bans an address for a while after ten thousand responses of 401, 403 or 429 within ten minutes.
 * Long before that, more calls only make the problem worse: this budget then allows only an occasional probe,
 * which finds out whether the problem is over.
 */
export class InvalidBudget {
  readonly #clock: Clock;
  readonly #allowed: number;
  #slots: Slot[] = [];
  #probedAt = Number.NEGATIVE_INFINITY;
  #goodProbes = 0;
  /** Calls in flight. */
  #underWay = 0;

  /** @param allowed invalid responses in ten minutes that any bot may get */
  constructor(clock: Clock, allowed: number) {
    this.#clock = clock;
    this.#allowed = allowed;
  }

  /**
   * Makes a call, if the budget allows it.
   *
   * @throws CallsSuspended when it does not
   */
  async spend<Response extends { readonly status: number }>(
    call: () => Promise<Response>,
  ): Promise<Response> {
    const { invalid, allowed } = this.#count();
    // Once half of the budget is spent, calls in flight may all turn out to be invalid.
    const isNearlySpent = invalid >= allowed / 2 && invalid + this.#underWay >= allowed;
    if (this.isSpent) {
      const now = this.#clock();
      if (now - this.#probedAt < PROBE_INTERVAL_MS) throw new CallsSuspended();
      this.#probedAt = now;
    } else if (isNearlySpent) throw new CallsSuspended();
    this.#underWay += 1;
    try {
      const response = await call();
      this.#note(response.status);
      return response;
    } finally {
      this.#underWay -= 1;
    }
  }

  #note(status: number): void {
    if (status === 429) rateLimited.inc({ platform: 'discord' });
    const isInvalid = status === 401 || status === 403 || status === 429;
    if (this.isSpent) this.#goodProbes = isInvalid ? 0 : this.#goodProbes + 1;
    const slot = this.#slot();
    slot.calls += 1;
    if (isInvalid) slot.invalid += 1;
    if (this.#goodProbes < PROBES_NEEDED) return;
    this.#goodProbes = 0;
    this.#slots = [];
  }

  /** Whether only probes are made at the moment. */
  get isSpent(): boolean {
    const { invalid, allowed } = this.#count();
    return invalid >= allowed;
  }

  #count(): { readonly invalid: number; readonly allowed: number } {
    const since = this.#clock() - SLOT_MS * SLOTS;
    let calls = 0;
    let invalid = 0;
    for (const slot of this.#slots) {
      if (slot.from < since) continue;
      calls += slot.calls;
      invalid += slot.invalid;
    }
    return { invalid, allowed: Math.max(this.#allowed, calls * ALLOWED_SHARE) };
  }

  #slot(): Slot {
    const now = this.#clock();
    const last = this.#slots.at(-1);
    if (last && now - last.from < SLOT_MS) return last;
    const slot = { from: now, calls: 0, invalid: 0 };
    this.#slots = [...this.#slots.slice(-SLOTS), slot];
    return slot;
  }
}
