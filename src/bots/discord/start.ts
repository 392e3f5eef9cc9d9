/** Composes the Discord bot. Loaded only when a token is configured. */
import type { Logger } from 'pino';
import type { DiscordConfig } from '../../config.ts';
import { Disposer } from '../../disposer.ts';
import { StoryError } from '../../errors.ts';
import type { Limits } from '../../queue/admission/limits.ts';
import type { CommunityLimitSettings, LimitSettings } from '../../queue/admission/settings.ts';
import type { QueueConnection } from '../../queue/connection.ts';
import { Replies } from '../../queue/replies.ts';
import { Forgetting } from '../../queue/retention.ts';
import { Settings } from '../../queue/settings.ts';
import type { Stories } from '../../queue/stories.ts';
import type { ModelChoice } from '../../story/story.ts';
import type { BlockLists } from '../blocks/block-lists.ts';
import { BlockNotices } from '../blocks/block-notices.ts';
import { PromptChannels } from '../channel-settings.ts';
import type { Chat } from '../chat.ts';
import { type DailyTools, workDailyLines } from '../commands/daily.ts';
import { ForgetGuard, type PrivacyPolicy } from '../commands/privacy.ts';
import { PromptJudge } from '../prompt-channels.ts';
import { workReplies } from '../reply-worker.ts';
import type { RequestReader } from '../story-request.ts';
import { parseRequest, submit } from '../submit.ts';
import { WaitGuess } from '../wait-guess.ts';
import { DiscordApi } from './api.ts';
import { readApplication } from './application.ts';
import { obstacleIn } from './channel-check.ts';
import { onMessage } from './channel-messages.ts';
import { Departures } from './departures.ts';
import { failureOf, loggable, unreachable } from './failures.ts';
import { type Gateway, openGateway } from './gateway.ts';
import type { DiscordHandle } from './handle.ts';
import { answer } from './interactions.ts';
import { Notices } from './notices.ts';
import { keepRegistering, type Registered, registerChangedCommands } from './registration.ts';
import { MAX_CONTENT } from './story-text.ts';
import { DiscordSurface } from './surface.ts';

export interface DiscordOptions {
  readonly config: DiscordConfig;
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly models: readonly ModelChoice[];
  readonly readRequest: RequestReader;
  readonly limits: Limits;
  /** The limits that communities have set for themselves, below those of the operator. */
  readonly communityLimits: CommunityLimitSettings;
  readonly limitSettings: LimitSettings;
  readonly blocks: BlockLists;
  readonly pace: number;
  readonly concurrency: number;
  readonly privacy: PrivacyPolicy;
  readonly logger: Logger;
  /** How long the response to an interaction is edited through the interaction. */
  readonly answerableMs?: number;
  /** The least time between two edits of one reply. */
  readonly editIntervalMs?: number;
}

export interface Discord extends Chat {
  readonly replies: Replies<DiscordHandle>;
  readonly channels: PromptChannels;
  /** The tools that create daily lines. */
  readonly dailyTools: DailyTools;
}

/** Half a minute less than Discord's 15 minutes. */
const ANSWERABLE_MS = 14.5 * 60_000;
const EDIT_INTERVAL_MS = 1_000;

/**
 * Starts listening to Discord, unless this process only edits replies, and starts editing.
 *
 * @throws StoryError `configuration` when Discord rejects the settings, `chat_unavailable` when it cannot be
 *   reached
 */
export async function startDiscord(options: DiscordOptions): Promise<Discord> {
  const { config, connection, stories, models, logger } = options;
  const opened = new Disposer(logger);
  try {
    const api = new DiscordApi(config);
    opened.add(() => api.close());
    const application = await readApplication(api.bot);
    const { id: applicationId, botId, readsMessages } = application;
    const replies = new Replies<DiscordHandle>(connection, 'discord', logger, options.limits);
    opened.add(() => replies.close());
    const channels = new PromptChannels(connection, 'discord');
    opened.add(() => channels.close());
    const forgetting = new Forgetting(connection, replies, stories);
    opened.add(() => forgetting.close());
    await Promise.all([replies.ready(), channels.ready()]);
    const departures = new Departures({
      api,
      channels,
      communityLimits: options.communityLimits,
      blocks: options.blocks,
      logger,
    });
    const notices = new Notices(api, logger);
    const surfaceTools = {
      api,
      applicationId,
      models,
      logger,
      guess: new WaitGuess(() => performance.now()),
      status: () => stories.status(),
      stop: (replyId: string) => replies.stop(replyId),
      onFailure: (channelId: string, error: unknown) =>
        void departures.afterFailure(channelId, error).catch((cause) => {
          logger.warn({ channel: channelId, ...loggable(cause) }, 'a channel was not looked for');
        }),
      clock: Date.now,
      answerableMs: options.answerableMs ?? ANSWERABLE_MS,
      editIntervalMs: options.editIntervalMs ?? EDIT_INTERVAL_MS,
    };
    workReplies('discord', replies, {
      stories,
      pace: options.pace,
      concurrency: options.concurrency,
      logger,
      open: (task) => new DiscordSurface(task, surfaceTools),
    });
    const forgetGuard = new ForgetGuard(() => performance.now());
    const asking = { ...options, replies, api, channels, botId, readsMessages, forgetting, forgetGuard };
    let gateway: Gateway | undefined;
    const dailyTools: DailyTools = {
      connection,
      channels,
      logger,
      readLine: (input) => parseRequest(options.readRequest, input, MAX_CONTENT),
      isHopeless: ({ channelId, daily }) => {
        const facts = gateway?.lookUp(channelId);
        const obstacle = facts && obstacleIn({ channelId, ...(daily ? { daily } : {}) }, facts);
        if (obstacle) notices.note(channelId, obstacle);
        return obstacle !== undefined;
      },
      submitLine: (id, request, channelId) => {
        const handle = { channelId, userId: botId, inChannel: true, unasked: true } as const;
        return submit(asking, id, request, () => handle, undefined);
      },
      isBlocked: ({ channelId, community }) =>
        options.blocks.find({ platform: 'discord', community, channels: [channelId] }) !== undefined,
      clock: Date.now,
    };
    opened.add(workDailyLines(dailyTools));
    if (config.shards !== 'none') {
      const registered = new Settings<Registered>(connection, 'discord-commands');
      opened.add(() => registered.close());
      const register = () => registerChangedCommands(api.bot, applicationId, models, registered);
      opened.add(await keepRegistering(register, logger));
      const judge = new PromptJudge(() => performance.now());
      const blockNotices = new BlockNotices(() => performance.now());
      gateway = await openGateway({
        token: config.token,
        shards: config.shards,
        rest: api.restOptions(config.api),
        readsMessages,
        logger,
        onInteraction: (interaction) => void answer(interaction, asking),
        onMessage: (message) => void onMessage(message, { ...asking, judge, notices, blockNotices }),
        watch: (client) => departures.watch(client),
      });
      opened.add(() => gateway!.close());
    }
    logger.info({ shards: config.shards }, 'Discord ready');
    return { replies, channels, dailyTools, problem: () => gateway?.problem(), close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw !(error instanceof StoryError) && failureOf(error) === 'temporary' ? unreachable(error) : error;
  }
}
