/**
 * The seam between chat platforms and everything else: `ChatAdapter` is what a platform gives, `ChatContext`
 * what it gets. `startChat` brings both together.
 */
import { Disposer } from '../disposer.ts';
import type { LookUp } from '../queue/admission/limits.ts';
import type { RelayBoard } from '../queue/relays/record.ts';
import { RELAY_ID, Relays } from '../queue/relays/relays.ts';
import { Removals } from '../queue/removals.ts';
import { Replies } from '../queue/replies.ts';
import type { ReplyTask } from '../queue/reply-worker.ts';
import { Forgetting } from '../queue/retention.ts';
import { Shelf } from '../queue/shelf/shelf.ts';
import type { VoteBoard } from '../queue/votes/rounds.ts';
import { Votes } from '../queue/votes/votes.ts';
import { sentenceCase } from '../story/wording.ts';
import type { BlockPlatform, Presence } from './blocks.ts';
import { PromptChannels } from './channel-settings.ts';
import { type AddressOf, ChatContext, type ChatServices } from './chat-context.ts';
import { DailyLines } from './commands/daily.ts';
import type { PromptChannel } from './prompt-channels.ts';
import { type MessageSurface, workReplies } from './reply-loop.ts';
import { Digests } from './shelf/digests.ts';
import type { ShelfSurface } from './shelf/surface.ts';
import type { MessageCapacity } from './submit.ts';

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
  /** Where the shelf of a channel reads and posts. */
  readonly shelfSurface: ShelfSurface<AddressOf<Handle>>;
  /** An address without what is of no use after the end, such as secrets that expire; absent where all of it is. */
  lasting?(address: AddressOf<Handle>): AddressOf<Handle>;
  /** The key of the settings of an address's channel. */
  channelOf(address: AddressOf<Handle>): string;
  /** Where relays are shown; absent where there are none. */
  relayBoard?(chat: ChatContext<Handle>): RelayBoard<AddressOf<Handle>>;
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

/** A platform that is running. */
export interface RunningChat<Handle = unknown> {
  readonly replies: Replies<Handle>;
  readonly removals: Removals<AddressOf<Handle>>;
  readonly votes: Votes<AddressOf<Handle>>;
  readonly shelf: Shelf<AddressOf<Handle>>;
  readonly relays: Relays<AddressOf<Handle>>;
  readonly channels: PromptChannels;
  readonly daily: DailyLines;
  readonly digests: Digests;
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
  const { clock = Date.now } = services;
  const opened = new Disposer(logger);
  try {
    const adapter = await connect();
    opened.add(() => adapter.close());
    const { platform } = adapter;
    const others: LookUp = (id) => (id.startsWith(RELAY_ID) ? relays : votes).lookUp(id);
    const ended = { remove: (id: string): Promise<void> => votes.remove(id) };
    const replies = new Replies<Handle>(
      connection,
      platform,
      logger,
      limits,
      shares,
      feedback,
      others,
      ended,
    );
    opened.add(() => replies.close());
    const removals = new Removals<AddressOf<Handle>>(connection, replies, stories, logger);
    opened.add(() => removals.close());
    const lasting = (address: AddressOf<Handle>) => adapter.lasting?.(address) ?? address;
    const shelf = new Shelf<AddressOf<Handle>>(connection, platform, clock);
    const votes = new Votes<AddressOf<Handle>>({
      connection,
      platform,
      stories,
      limits,
      replies,
      handOver: (id, { request, state, credits, address, hostId, messages, lease }) => {
        const handle = { ...address, userId: hostId } as Handle;
        const begun = {
          state,
          delivered: false,
          ...(credits && { credits }),
          messages,
          hasReplaced: true,
        } as const;
        return replies.submit(id, request, handle, lease, { replyId: id, messages }, begun);
      },
      shelf,
      lasting,
      logger,
    });
    opened.add(() => votes.close());
    const relays = new Relays<AddressOf<Handle>>({
      connection,
      platform,
      stories,
      limits,
      replies,
      shelf,
      lasting,
      logger,
    });
    opened.add(() => relays.close());
    const channels = new PromptChannels(connection, platform, clock);
    opened.add(() => channels.close());
    const forgetting = new Forgetting(connection, replies, stories);
    opened.add(() => forgetting.close());
    await Promise.all([
      replies.ready(),
      removals.ready(),
      votes.ready(),
      relays.ready(),
      shelf.ready(),
      channels.ready(),
    ]);
    const queues = { replies, removals, channels, forgetting, votes, shelf, relays };
    const chat = new ChatContext(adapter, services, queues);
    workReplies(replies, {
      stories,
      pace,
      concurrency,
      logger,
      open: (task) => adapter.openSurface(task, chat),
      clear: (handle, messages) => adapter.clear(handle, messages, chat),
    });
    removals.work(async (address, messages) => {
      await adapter.deleteMessages(address, messages, chat);
      await shelf.removeShown(adapter.channelOf(address), messages);
    });
    if (adapter.voteBoard) votes.work(adapter.voteBoard(chat));
    if (adapter.relayBoard) relays.work(adapter.relayBoard(chat));
    const daily = new DailyLines(channels, adapter, chat, Date.now);
    opened.add(daily.work(connection));
    const digests = new Digests(channels, adapter, chat, clock);
    opened.add(digests.work(connection));
    opened.add(() => adapter.stop());
    await adapter.start(chat);
    logger.info({ platform }, `${sentenceCase(platform)} ready`);
    const problem = () => adapter.problem();
    return {
      replies,
      removals,
      votes,
      relays,
      shelf,
      channels,
      daily,
      digests,
      problem,
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
