/** What a chat platform gets: the queue, limits, blocks and commands, as users' actions need them. */
import type { Logger } from 'pino';
import type { Limits } from '../queue/admission/limits.ts';
import type { CommunityLimitSettings, LimitSettings } from '../queue/admission/settings.ts';
import type { Requester } from '../queue/admission/store.ts';
import type { QueueConnection } from '../queue/connection.ts';
import type { Feedback } from '../queue/feedback.ts';
import type { Relays } from '../queue/relays/relays.ts';
import type { Removals } from '../queue/removals.ts';
import type { Replies } from '../queue/replies.ts';
import type { Forgetting } from '../queue/retention.ts';
import type { Shares } from '../queue/shares.ts';
import type { Shelf } from '../queue/shelf/shelf.ts';
import type { Stories } from '../queue/stories.ts';
import type { Votes } from '../queue/votes/votes.ts';
import { inputOf, type ModelChoice, type StoryRequest, type Waiting } from '../story/story.ts';
import type { RequestReader } from '../story/story-request.ts';
import { type Block, type BlockLists, type BlockPlatform, blockedSentence, type Presence } from './blocks.ts';
import type { PromptChannels } from './channel-settings.ts';
import { ChatSharing } from './chat-sharing.ts';
import type { Caller, Command, FileAnswer } from './commands/command.ts';
import { ForgetGuard, type PrivacyPolicy } from './commands/privacy.ts';
import { type Clock, Cooldowns } from './cooldowns.ts';
import { answerFeedback, type FeedbackPress } from './feedback.ts';
import { demandHost, type Start } from './hosts.ts';
import { PromptJudge } from './prompt-channels.ts';
import { ChannelShelf } from './shelf/channel-shelf.ts';
import type { ShelfSurface } from './shelf/surface.ts';
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
  /** Of digests and shelves, in milliseconds since 1970; the present time where it is absent. */
  readonly clock?: Clock;
}

/** What one platform has in the queue. */
export interface ChatQueues<Handle> {
  readonly replies: Replies<Handle>;
  readonly removals: Removals<AddressOf<Handle>>;
  readonly channels: PromptChannels;
  readonly forgetting: Forgetting<Handle>;
  readonly votes: Votes<AddressOf<Handle>>;
  readonly shelf: Shelf<AddressOf<Handle>>;
  readonly relays: Relays<AddressOf<Handle>>;
}

/** After this time a blocked user is notified again. */
const BLOCK_NOTICE_MS = 24 * 3_600_000;

/** Shortest time between two books for one user. */
const BOOK_INTERVAL_MS = 60_000;

/** What a platform gets. */
export class ChatContext<Handle> implements ChatQueues<Handle> {
  readonly platform: BlockPlatform;
  readonly logger: Logger;
  readonly connection: QueueConnection;
  readonly models: readonly ModelChoice[];
  readonly blocks: BlockLists;
  readonly channels: PromptChannels;
  readonly communityLimits: CommunityLimitSettings;
  readonly votes: Votes<AddressOf<Handle>>;
  readonly shelf: Shelf<AddressOf<Handle>>;
  readonly relays: Relays<AddressOf<Handle>>;
  readonly judge = new PromptJudge(() => performance.now());
  readonly replies: Replies<Handle>;
  readonly removals: Removals<AddressOf<Handle>>;
  readonly forgetting: Forgetting<Handle>;
  readonly sharing: ChatSharing;
  readonly #services: ChatServices;
  readonly #capacity: MessageCapacity;
  readonly #shelfSurface: ShelfSurface<AddressOf<Handle>>;
  readonly #forgetGuard = new ForgetGuard(() => performance.now());
  readonly #bookCooldowns = new Cooldowns(BOOK_INTERVAL_MS);
  readonly #blockNotices = new Cooldowns(BLOCK_NOTICE_MS);
  /** The text of a waiting reply. */
  readonly waitingLine: (waiting: Waiting) => Promise<string>;

  constructor(
    {
      platform,
      capacity,
      shelfSurface,
    }: {
      readonly platform: BlockPlatform;
      readonly capacity: MessageCapacity;
      readonly shelfSurface: ShelfSurface<AddressOf<Handle>>;
    },
    services: ChatServices,
    { replies, removals, channels, forgetting, votes, shelf, relays }: ChatQueues<Handle>,
  ) {
    this.platform = platform;
    this.logger = services.logger;
    this.connection = services.connection;
    this.models = services.models;
    this.blocks = services.blocks;
    this.channels = channels;
    this.votes = votes;
    this.shelf = shelf;
    this.#shelfSurface = shelfSurface;
    this.relays = relays;
    this.communityLimits = services.communityLimits;
    this.waitingLine = waitingLines(services.stories, () => performance.now());
    this.#services = services;
    this.#capacity = capacity;
    this.replies = replies;
    this.removals = removals;
    this.sharing = new ChatSharing(replies, services.shares, services.publicUrl, () => performance.now());
    this.forgetting = forgetting;
  }

  get readRequest(): RequestReader {
    return this.#services.readRequest;
  }

  /**
   * The shelf of a channel.
   *
   * @param channelId the key of the channel's settings
   * @param community the server or workspace, in the platform's terms
   */
  shelfOf(channelId: string, community: string): ChannelShelf<AddressOf<Handle>> {
    const { clock = Date.now } = this.#services;
    return new ChannelShelf(this.shelf, this.#shelfSurface, channelId, community, clock);
  }

  /**
   * Removes a user from votes and shelves.
   *
   * @param isHost whether the user has started a vote, or a work on a shelf
   * @param person as limits name requesters
   */
  async forgetWritten(
    isHost: (started: { readonly hostId: string; readonly address: AddressOf<Handle> }) => boolean,
    person: string,
  ): Promise<void> {
    // First the wish to be named, so that no round names the user any more, and in the end the works.
    await this.shelf.forget({ isHost, person });
    await this.votes.forget(isHost, person);
    await this.relays.forget(isHost, person);
    await this.shelf.forget({ isHost, person });
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

  /** Fails unless a user may start a vote or a relay; see `demandHost`. */
  demandHost(kind: 'vote' | 'relay', start: Start): Promise<void> {
    return demandHost(kind, start, this);
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

  /** Removes the limits, blocks and shelves of a community that the bot has left, and ends its relays. */
  async forgetCommunity(communityId: string): Promise<void> {
    await this.communityLimits.remove(`${this.platform}:${communityId}`);
    await this.blocks.forgetCommunity(this.platform, communityId);
    await this.relays.lose((relay) => relay.communityId === communityId);
    await this.shelf.forgetCommunity(`${this.platform}:${communityId}`);
  }
}
