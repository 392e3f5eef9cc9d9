/** The address of a reply on Discord: all that any bot process needs to edit it, independent of shards. */
export interface DiscordHandle {
  readonly channelId: string;
  /** The requester, who may stop the story; the bot itself for a daily line. */
  readonly userId: string;
  /** Whether the bot itself may write in the channel, and not only answer the interaction. */
  readonly inChannel: boolean;
  /** Whether no user asked for the reply: a daily line. */
  readonly unasked?: true;
  /** The interaction that the reply answers; absent when the reply is an ordinary message. */
  readonly interaction?: {
    readonly id: string;
    readonly token: string;
    /** When it arrived, in ms since 1970: its token is valid for 15 minutes. */
    readonly at: number;
  };
  /** The message that a reply without an interaction refers to. */
  readonly replyTo?: string;
  /** The message whose text the story continues. */
  readonly source?: string;
}
