/**
 * What a command is, on every platform: the data with which it is registered, how a user's input becomes an
 * order, and how the order is carried out. `table.ts` lists the commands.
 */

import type { ExportedFile } from '../../export/export.ts';
import type { CommunityLimitSettings, LimitSettings } from '../../queue/admission/settings.ts';
import type { Feedback } from '../../queue/feedback.ts';
import type { KeptStory } from '../../queue/kept-stories.ts';
import type { Shares } from '../../queue/shares.ts';
import type { ModelChoice } from '../../story/story.ts';
import type { BlockLists, BlockPlatform } from '../blocks.ts';
import type { PromptChannels } from '../channel-settings.ts';
import type { Cooldowns } from '../cooldowns.ts';
import type { ChannelShelf } from '../shelf/channel-shelf.ts';
import type { ChannelEnvironment } from './channel-changes.ts';
import type { ForgetGuard, PrivacyPolicy } from './privacy.ts';
import type { RelayOrder } from './relay.ts';
import type { VoteOrder } from './vote.ts';

/** An option, which Discord's client checks and offers. */
export interface CommandOption {
  readonly type: 'text' | 'whole' | 'number' | 'yes or no' | 'user' | 'channel';
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  /** Least and greatest value of a number, or length of a text. */
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly { readonly name: string; readonly value: string }[];
}

export interface Subcommand {
  readonly name: string;
  readonly description: string;
  readonly options?: readonly CommandOption[];
}

/** What a user gave in a platform with typed options. */
export interface GivenOptions {
  /** Empty for a command without subcommands. */
  readonly subcommand: string;
  /** The value of an option; undefined when it is not given. */
  value(name: string): string | number | boolean | undefined;
}

/** The user who gives a command, and where. */
export interface Caller {
  readonly platform: BlockPlatform;
  readonly userId: string;
  /** The user, as limits name requesters. */
  readonly person: string;
  /** The server or workspace; empty outside of one. */
  readonly communityId: string;
  /** The channel, as the key of its settings. */
  readonly channelId: string;
  /** What the platform knows about the channel. */
  readonly environment: (isNeeded: boolean) => Promise<ChannelEnvironment>;
  /** Removes everything that the platform's queue and settings hold about the user. */
  readonly forget: () => Promise<void>;
  /** The kept stories of the channel that all its members saw, oldest first. */
  readonly keptStories: () => Promise<readonly KeptStory[]>;
  /** What the channel has written. */
  readonly shelf: ChannelShelf;
  /** Starts a vote in the channel; undefined where there are no votes. */
  readonly startVote?: (order: VoteOrder) => Promise<void>;
  /** Starts a relay in the channel; undefined where there are no relays. */
  readonly startRelay?: (order: RelayOrder) => Promise<void>;
}

/** An answer with a file, for the caller only. */
export interface FileAnswer {
  readonly text: string;
  readonly file: ExportedFile;
}

/** Users who may carry out an order. Discord checks `Command.managers` itself; Slack asks for this. */
export type Permission = 'anyone' | 'administrators' | 'channel managers';

/** What commands work on; each names the parts that it uses. */
export interface CommandServices {
  readonly blocks: BlockLists;
  readonly shares: Pick<Shares, 'forgetOwner'>;
  readonly feedback: Pick<Feedback, 'forgetRater'>;
  readonly channels: PromptChannels;
  readonly communityLimits: CommunityLimitSettings;
  readonly limitSettings: LimitSettings;
  readonly privacy: PrivacyPolicy;
  readonly forgetGuard: ForgetGuard;
  /** Since when users have had a book. */
  readonly bookCooldowns: Cooldowns;
  readonly models: readonly ModelChoice[];
}

/** The names and descriptions with which a command is registered. */
export interface CommandData {
  /** Without the slash. */
  readonly name: string;
  readonly description: string;
  readonly subcommands?: readonly Subcommand[];
  /** Options of a command without subcommands. */
  readonly options?: readonly CommandOption[];
}

export interface Command<Order = unknown> extends CommandData {
  /**
   * Discord shows the command to members with the permission to manage these, and in servers only; absent for
   * a command that everyone may use everywhere.
   */
  readonly managers?: 'channels' | 'server' | 'members';
  /** Whose blocks do not close it: a blocked user can still see and delete the data stored about them. */
  readonly ignoresBlocks?: 'all' | 'of moderators';
  /** The answer to `help` on Slack, in its markup; the description where it is absent. Discord has no such answer. */
  readonly help?: string;
  /** Parses typed options. */
  fromOptions(given: GivenOptions): Order;
  /**
   * Parses the text after the command; undefined when the user asks for help.
   *
   * @param text unescaped
   * @param markup as Slack delivers it, with users and channels as `<@U1>` and `<#C1>`
   * @throws StoryError `bad_request` with a sentence, which may quote the text
   */
  fromText(text: string, markup: string): Order | undefined;
  permission(order: Order): Permission;
  /**
   * Carries out an order.
   *
   * @returns the sentences that answer it, for the caller only, in the platform's markup: mentions are `<@ID>` and
   *   `<#ID>`, and on Slack other text that may have `&`, `<` or `>` is escaped (`slackEscaping`)
   * @throws StoryError `bad_request` with a sentence when it cannot be done
   */
  run(order: Order, caller: Caller, services: CommandServices): Promise<string | FileAnswer>;
}

/** The parts of a command that has no options but `help`, and that everyone may use. */
export const PLAIN: Pick<Command<null>, 'fromOptions' | 'fromText' | 'permission'> = {
  fromOptions: () => null,
  fromText: (text) => (text.trim().toLowerCase() === 'help' ? undefined : null),
  permission: () => 'anyone',
};

/** Splits words into options such as `hour=8` and the rest; a trailing comma or semicolon is ignored. */
export function readOptions(words: readonly string[]): {
  readonly options: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
} {
  const options = new Map<string, string>();
  const rest: string[] = [];
  for (const word of words.map((one) => one.replace(/[,;]+$/, ''))) {
    const [, name, value] = /^([a-z][a-z-]*)=(.*)$/i.exec(word) ?? [];
    if (name) options.set(name.toLowerCase(), value!);
    else if (word !== '') rest.push(word);
  }
  return { options, rest };
}
