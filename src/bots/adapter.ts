/**
 * The seam between chat platforms and everything else: `ChatAdapter` is what a platform gives, `ChatContext`
 * what it gets. `startChat` brings both together.
 */
import type { Logger } from 'pino';
import { Disposer } from '../disposer.ts';
import type { Limits, LookUp } from '../queue/admission/limits.ts';
import type { CommunityLimitSettings, LimitSettings } from '../queue/admission/settings.ts';
import type { Requester } from '../queue/admission/store.ts';
import type { QueueConnection } from '../queue/connection.ts';
import type { Feedback } from '../queue/feedback.ts';
import type { KeptStory } from '../queue/kept-stories.ts';
import { Removals } from '../queue/removals.ts';
import { Replies } from '../queue/replies.ts';
import type { ReplyTask } from '../queue/reply-worker.ts';
import { Forgetting, type Forgotten } from '../queue/retention.ts';
import type { Shares } from '../queue/shares.ts';
import type { Stories } from '../queue/stories.ts';
import type { VoteBoard } from '../queue/votes/rounds.ts';
import { Votes } from '../queue/votes/votes.ts';
import { inputOf, type ModelChoice, type StoryRequest, type Waiting } from '../story/story.ts';
import type { RequestReader } from '../story/story-request.ts';
import { sentenceCase } from '../story/wording.ts';
import { type Block, type BlockLists, type BlockPlatform, blockedSentence, type Presence } from './blocks.ts';
import { PromptChannels } from './channel-settings.ts';
import { ChatSharing } from './chat-sharing.ts';
import type { Caller, Command, FileAnswer } from './commands/command.ts';
import { DailyLines } from './commands/daily.ts';
import { ForgetGuard, type PrivacyPolicy } from './commands/privacy.ts';
import { Cooldowns } from './cooldowns.ts';
import { answerFeedback, type FeedbackPress } from './feedback.ts';
import { type PromptChannel, PromptJudge } from './prompt-channels.ts';
import { type MessageSurface, workReplies } from './reply-loop.ts';
import { waitingLines } from './story-feed.ts';
import {
  type Asked,
  answerWithStory,
  type MessageCapacity,
  type ParsedRequest,
  parseRequest,
  refusalFor,
  submit,
} from './submit.ts';

/** A handle without its user: where messages are. */
export type AddressOf<Handle> = Omit<Handle, 'userId'>;

/** A chat platform. */
export interface ChatAdapter<Handle> {
  readonly platform: BlockPlatform;
  readonly capacity: MessageCapacity;
  /**
   * Begins to pass users' commands, buttons and messages to the context.
   *
   * @throws StoryError `configuration` when the platform refuses the settings, `chat_unavailable` when it
   *   cannot be reached
   */
  start(chat: ChatContext<Handle>): Promise<void>;
  /** Ends that; also after a start that failed. Replies under way are still shown. */
  stop(): unknown;
  /** Opens the place where one reply is shown: it is edited, finished and closed. */
  openSurface(task: ReplyTask<Handle>, chat: ChatContext<Handle>): MessageSurface;
  /**
   * Deletes messages of replies; one that does not exist is deleted already. Tells the user when the platform
   * does not allow it.
   *
   * @throws the platform's error when another attempt may succeed
   */
  deleteMessages(
    address: AddressOf<Handle>,
    messages: readonly string[],
    chat: ChatContext<Handle>,
  ): Promise<void>;
  /**
   * Deletes the messages of an edited reply that the reply in its place does not need.
   *
   * @returns the messages that it takes over
   * @throws the platform's error when another attempt may succeed
   */
  clear(handle: Handle, messages: readonly string[], chat: ChatContext<Handle>): Promise<readonly string[]>;
  /** Where votes are shown; absent where there are none. */
  voteBoard?(chat: ChatContext<Handle>): VoteBoard<AddressOf<Handle>>;
  /** The address of a daily line, which no user asks for. */
  dailyHandle(channelId: string): Promise<Handle>;
  presenceIn(channel: PromptChannel): Presence;
  /** Whether a daily line in a channel is known to be refused. */
  isHopeless?(channel: PromptChannel): boolean;
  /** Whether a channel is gone, or permanently closed to the bot, so that its settings are removed. */
  isClosed?(channel: PromptChannel): Promise<boolean>;
  /** Why users' actions do not arrive at the moment, as a sentence; undefined when they do. */
  problem(): string | undefined;
  /** Releases everything, after the last edit. */
  close(): unknown;
}

/** What the process has for all of its platforms. */
export interface ChatServices {
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly models: readonly ModelChoice[];
  readonly readRequest: RequestReader;
  readonly limits: Limits;
  /** The limits that communities have set for themselves, below those of the operator. */
  readonly communityLimits: CommunityLimitSettings;
  readonly limitSettings: LimitSettings;
  readonly blocks: BlockLists;
  readonly shares: Shares;
  readonly feedback: Feedback;
  /** The address of the page, with a slash at its end; undefined where stories are not shared. */
  readonly publicUrl: string | undefined;
  /** Characters per second. */
  readonly pace: number;
  /** Replies edited at the same time. */
  readonly concurrency: number;
  readonly privacy: PrivacyPolicy;
  readonly logger: Logger;
}

/** After this time a blocked user is notified again. */
const BLOCK_NOTICE_MS = 24 * 3_600_000;

/** Shortest time between two books for one user. */
const BOOK_INTERVAL_MS = 60_000;

/** What a platform gets. */
export class ChatContext<Handle> {
  readonly platform: BlockPlatform;
  readonly logger: Logger;
  readonly connection: QueueConnection;
  readonly models: readonly ModelChoice[];
  readonly blocks: BlockLists;
  readonly channels: PromptChannels;
  readonly communityLimits: CommunityLimitSettings;
  readonly votes: Votes<AddressOf<Handle>>;
  readonly judge = new PromptJudge(() => performance.now());
  readonly replies: Replies<Handle>;
  readonly removals: Removals<AddressOf<Handle>>;
  readonly sharing: ChatSharing;
  readonly #services: ChatServices;
  readonly #capacity: MessageCapacity;
  readonly #forgetting: Forgetting<Handle>;
  readonly #forgetGuard = new ForgetGuard(() => performance.now());
  readonly #bookCooldowns = new Cooldowns(BOOK_INTERVAL_MS);
  readonly #blockNotices = new Cooldowns(BLOCK_NOTICE_MS);
  /** The text of a waiting reply. */
  readonly waitingLine: (waiting: Waiting) => Promise<string>;

  constructor(
    { platform, capacity }: ChatAdapter<Handle>,
    services: ChatServices,
    replies: Replies<Handle>,
    removals: Removals<AddressOf<Handle>>,
    channels: PromptChannels,
    forgetting: Forgetting<Handle>,
    votes: Votes<AddressOf<Handle>>,
  ) {
    this.platform = platform;
    this.logger = services.logger;
    this.connection = services.connection;
    this.models = services.models;
    this.blocks = services.blocks;
    this.channels = channels;
    this.votes = votes;
    this.communityLimits = services.communityLimits;
    this.waitingLine = waitingLines(services.stories, () => performance.now());
    this.#services = services;
    this.#capacity = capacity;
    this.replies = replies;
    this.removals = removals;
    this.sharing = new ChatSharing(replies, services.shares, services.publicUrl, () => performance.now());
    this.#forgetting = forgetting;
  }

  get readRequest(): RequestReader {
    return this.#services.readRequest;
  }

  /** Parses a user's input; see `parseRequest`. */
  parse(input: Parameters<typeof parseRequest>[1]): StoryRequest {
    return parseRequest(this.readRequest, input, this.#capacity);
  }

  /**
   * Checks a request that a button made with a user's text, as `parse` does.
   *
   * @throws StoryError `bad_request` or `declined` with a sentence
   */
  parseAgain(request: StoryRequest): StoryRequest {
    return this.parse({ ...inputOf(request), prompt: request.prompt });
  }

  /** Adds a reply to the queue; see `submit`. */
  submit(
    id: string,
    request: StoryRequest,
    handle: () => Handle | Promise<Handle>,
    requester: Requester | undefined,
  ): Promise<void> {
    return submit({ replies: this.replies, limits: this.#services.limits }, id, request, handle, requester);
  }

  /** Answers a user's action with a story; see `answerWithStory`. */
  answer(asked: Asked<Handle>, prepare: () => Promise<ParsedRequest>): Promise<void> {
    return answerWithStory(asked, prepare, this.replies, this.#services.limits, this.logger);
  }

  /** Rates a story; see `answerFeedback`. Returns the sentence for the user, also when it is refused. */
  rate(press: FeedbackPress): Promise<string> {
    return answerFeedback(this.#services.feedback, this.replies, press).catch((error) =>
      this.refusalFor(error),
    );
  }

  /** The sentence for a user whose request failed. */
  refusalFor(error: unknown): string {
    return refusalFor(error, this.logger).message;
  }

  /**
   * The sentence for a user to whom a block applies; undefined when none does.
   *
   * @param ignored the blocks that have no effect here
   */
  blockedBy(presence: Presence, ignored?: Command['ignoresBlocks']): string | undefined {
    if (ignored === 'all') return undefined;
    try {
      this.blocks.refuse(presence, { ofOperatorOnly: ignored === 'of moderators' });
      return undefined;
    } catch (error) {
      return this.refusalFor(error);
    }
  }

  /**
   * The sentence for a blocked user who writes messages: once a day, and not for every message.
   *
   * @param user as a key, unique among communities
   */
  blockNotice(block: Block, user: string): string | undefined {
    return this.#blockNotices.tryBegin(user) ? blockedSentence(block) : undefined;
  }

  /** Carries out a command. Returns what answers it, also when it is refused. */
  run<Order>(command: Command<Order>, order: Order, caller: Caller): Promise<string | FileAnswer> {
    const services = {
      ...this.#services,
      channels: this.channels,
      forgetGuard: this.#forgetGuard,
      bookCooldowns: this.#bookCooldowns,
    };
    return command.run(order, caller, services).catch((error) => this.refusalFor(error));
  }

  /** The finished stories that are kept of a conversation, recognised by handles; oldest first. */
  keptStories(isThere: (handle: Handle) => boolean): Promise<readonly KeptStory[]> {
    return this.replies.kept(isThere);
  }

  /** Deletes the data of a user, who is recognised in handles; see `Forgetting`. */
  forget(who: Forgotten<Handle>): Promise<void> {
    return this.#forgetting.forget(who);
  }

  /** Removes the limits and blocks of a community that the bot has left. */
  async forgetCommunity(communityId: string): Promise<void> {
    await this.communityLimits.remove(`${this.platform}:${communityId}`);
    await this.blocks.forgetCommunity(this.platform, communityId);
  }
}

/** A platform that is running. */
export interface RunningChat<Handle = unknown> {
  readonly replies: Replies<Handle>;
  readonly removals: Removals<AddressOf<Handle>>;
  readonly votes: Votes<AddressOf<Handle>>;
  readonly channels: PromptChannels;
  readonly daily: DailyLines;
  problem(): string | undefined;
  close(): Promise<void>;
}

/**
 * Starts a platform: its replies are edited, its daily lines posted, and its users answered.
 *
 * @param connect opens the adapter
 * @throws StoryError `configuration` when the platform refuses the settings, `chat_unavailable` when it cannot
 *   be reached
 */
export async function startChat<Handle>(
  connect: () => Promise<ChatAdapter<Handle>>,
  services: ChatServices,
): Promise<RunningChat<Handle>> {
  const { connection, stories, limits, shares, feedback, pace, concurrency, logger } = services;
  const opened = new Disposer(logger);
  try {
    const adapter = await connect();
    opened.add(() => adapter.close());
    const { platform } = adapter;
    const others: LookUp = (id) => votes.lookUp(id);
    const replies = new Replies<Handle>(connection, platform, logger, limits, shares, feedback, others);
    opened.add(() => replies.close());
    const removals = new Removals<AddressOf<Handle>>(connection, replies, stories, logger);
    opened.add(() => removals.close());
    const votes = new Votes<AddressOf<Handle>>({ connection, platform, stories, limits, replies, logger });
    opened.add(() => votes.close());
    const channels = new PromptChannels(connection, platform);
    opened.add(() => channels.close());
    const forgetting = new Forgetting(connection, replies, stories);
    opened.add(() => forgetting.close());
    await Promise.all([replies.ready(), removals.ready(), votes.ready(), channels.ready()]);
    const chat = new ChatContext(adapter, services, replies, removals, channels, forgetting, votes);
    workReplies(replies, {
      stories,
      pace,
      concurrency,
      logger,
      open: (task) => adapter.openSurface(task, chat),
      clear: (handle, messages) => adapter.clear(handle, messages, chat),
    });
    removals.work((address, messages) => adapter.deleteMessages(address, messages, chat));
    if (adapter.voteBoard) votes.work(adapter.voteBoard(chat));
    const daily = new DailyLines(channels, adapter, chat, Date.now);
    opened.add(daily.work(connection));
    opened.add(() => adapter.stop());
    await adapter.start(chat);
    logger.info({ platform }, `${sentenceCase(platform)} ready`);
    const problem = () => adapter.problem();
    return { replies, removals, votes, channels, daily, problem, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
