/** Where a reply lives on Slack: all that any bot process needs to show it. */
export interface SlackHandle extends SlackConversation {
  /** Who asked, and may stop the story; the bot itself for a daily line. */
  readonly userId: string;
  /** The bot's own user there, whom people invite. */
  readonly botUserId: string;
  /** When, in ms since 1970: nothing of the reply is older. */
  readonly at: number;
  /** Where Slack takes a few more words for the one who asked, for half an hour. */
  readonly responseUrl?: string;
  /** The message whose text the story continues. */
  readonly source?: string;
}

/** A conversation in a workspace, and the thread in it. */
export interface SlackConversation extends Workspace {
  readonly channelId: string;
  readonly threadTs?: string;
}

/** Whose token is to be used. */
export interface Workspace {
  readonly teamId: string;
  /** The organisation, where the app was installed for all of it. */
  readonly enterpriseId?: string;
  readonly isEnterpriseInstall?: boolean;
}
