/** Answers the commands of the table with ephemeral replies. */
import type { AllMiddlewareArgs, App, SlackCommandMiddlewareArgs } from '@slack/bolt';
import type { ChannelManagers } from '../../../config.ts';
import type { ChatContext } from '../../chat-context.ts';
import type { Caller, Command, FileAnswer } from '../../commands/command.ts';
import { COMMANDS } from '../../commands/table.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import {
  keyOf,
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  workspaceOf,
} from '../conversations.ts';
import { failureOf, loggable } from '../failures.ts';
import type { People } from '../home.ts';
import { demandPermission } from '../permissions.ts';
import type { SlackRelays } from './relays.ts';
import { isAbsentFrom, type SlackVotes, type VoteStart } from './votes.ts';

/** Replaces a user's id that is forgotten: no user of Slack has this one. */
const FORGOTTEN_USER = 'U0';

const NO_FILES =
  'I may not send files in this workspace. Add the scope files:write in the app’s settings, under OAuth & Permissions, ' +
  'install me again, and try again.';
const NOT_SENT = 'Slack did not accept the file. Try again in a minute.';

type CommandArgs = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

export class TableCommands {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #people: People;
  readonly #channelManagers: ChannelManagers;
  readonly #votes: SlackVotes;
  readonly #relays: SlackRelays;

  constructor(
    chat: ChatContext<SlackHandle>,
    api: SlackApi,
    people: People,
    channelManagers: ChannelManagers,
    votes: SlackVotes,
    relays: SlackRelays,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#people = people;
    this.#channelManagers = channelManagers;
    this.#votes = votes;
    this.#relays = relays;
  }

  /** Registers a listener for each command with Bolt. */
  register(app: App): void {
    for (const command of COMMANDS) app.command(`/${command.name}`, (args) => this.#answer(command, args));
  }

  async #answer<Order>(definition: Command<Order>, { command, ack, context }: CommandArgs): Promise<void> {
    const conversation = { ...workspaceOf(context, command.team_id), channelId: command.channel_id };
    const { user_id: userId, response_url: responseUrl, trigger_id: triggerId } = command;
    const { botUserId = '' } = context;
    const answer = async () => {
      const refusal = this.#chat.blockedBy(presenceIn(conversation, userId), definition.ignoresBlocks);
      if (refusal) return slackEscaping.escape(refusal);
      const markup = command.text ?? '';
      let order: Order | undefined;
      try {
        order = definition.fromText(slackEscaping.unescape(markup), markup);
        if (order === undefined) return definition.help ?? slackEscaping.escape(definition.description);
        const permission = definition.permission(order);
        await demandPermission(permission, conversation, userId, this.#channelManagers, this.#api);
      } catch (error) {
        return slackEscaping.escape(this.#chat.refusalFor(error));
      }
      return this.#chat.run(
        definition,
        order,
        this.#callerOf({ conversation, userId, botUserId, responseUrl, triggerId }),
      );
    };
    // Acknowledge first: the answer may need calls to Slack, and the acknowledgement has a deadline.
    await ack();
    const given = await answer();
    const text = typeof given === 'string' ? given : await this.#sendFile(conversation, userId, given);
    await this.#api.postEphemeral(responseUrl, text);
  }

  /** Sends a file as a direct message: on Slack, all members of a channel see the files in it. */
  async #sendFile(
    { channelId: _, ...workspace }: SlackConversation,
    userId: string,
    { text, file }: FileAnswer,
  ): Promise<string> {
    try {
      const channelId = await this.#api.openDirect(workspace, userId);
      await this.#api.upload({ ...workspace, channelId }, file, text);
      return `${text} It is in your direct messages with me.`;
    } catch (error) {
      this.#chat.logger.warn(loggable(error), 'a file was not sent');
      return failureOf(error) === 'unscoped' ? NO_FILES : NOT_SENT;
    }
  }

  #callerOf(given: VoteStart): Caller {
    const { conversation, userId, botUserId } = given;
    const { teamId } = conversation;
    return {
      platform: 'slack',
      userId,
      person: requesterOf(teamId, userId).person,
      communityId: teamId,
      channelId: keyOf(conversation),
      environment: async (isNeeded) => {
        const isAbsent = isNeeded && (await isAbsentFrom(conversation, this.#api));
        return {
          missing: ({ prompts, daily, digest }) =>
            isAbsent && (prompts || daily || digest) ? ['an invitation'] : [],
          remedy: `Type \`/invite\` <@${botUserId}> and try again.`,
        };
      },
      // A thread belongs to its channel; a private story is in a direct message.
      keptStories: () =>
        this.#chat.replies.kept(
          (handle) => handle.teamId === teamId && handle.channelId === conversation.channelId,
        ),
      shelf: this.#chat.shelfOf(keyOf(conversation), teamId),
      startVote: (order) => this.#votes.start(order, given),
      startRelay: (order) => this.#relays.start(order, given),
      forget: async () => {
        await this.#chat.forgetWritten(
          ({ hostId, address }) => hostId === userId && address.teamId === teamId,
          requesterOf(teamId, userId).person,
        );
        await this.#people.forget(teamId, userId);
        await this.#chat.forgetting.forget({
          isTheirs: (handle) => handle.teamId === teamId && handle.userId === userId,
          anonymous: ({ responseUrl: _, ...handle }) => ({ ...handle, userId: FORGOTTEN_USER }),
        });
      },
    };
  }
}
