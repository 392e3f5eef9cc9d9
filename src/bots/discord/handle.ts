/** Where a reply lives on Discord: all that any bot process needs to edit it. Nothing of a shard. */
export interface DiscordHandle {
  readonly channelId: string;
  /** Who asked, and may stop the story; the bot itself for a daily line. */
  readonly userId: string;
  /** Whether the bot itself may write in the channel, and not only answer there. */
  readonly inChannel: boolean;
  /** Whether nobody asked for the reply: a daily line. */
  readonly unasked?: true;
  /** What the reply answers; absent where the reply is a message like any other. */
  readonly interaction?: {
    readonly id: string;
    readonly token: string;
    /** When it arrived, in ms since 1970: its token lives for a quarter of an hour. */
    readonly at: number;
  };
  /** The message that a reply without an interaction refers to. */
  readonly replyTo?: string;
  /** The message whose text the story continues. */
  readonly source?: string;
}
