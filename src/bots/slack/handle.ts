/** The address of a reply on Slack: all that any bot process needs to show it. */
export interface SlackHandle extends SlackConversation {
  /** The requester, who may stop the story; the bot itself for a daily line. */
  readonly userId: string;
  /** The bot's own user in the workspace, whom users invite. */
  readonly botUserId: string;
  /** When the request arrived, in ms since 1970: nothing of the reply is older. */
  readonly at: number;
  /** The URL at which Slack accepts ephemeral replies to the requester, for half an hour. */
  readonly responseUrl?: string;
  /** The message whose text the story continues. */
  readonly source?: string;
}

/** A conversation in a workspace, and the thread in it. */
export interface SlackConversation extends Workspace {
  readonly channelId: string;
  readonly threadTs?: string;
}

/** The workspace whose token is used. */
export interface Workspace {
  readonly teamId: string;
  /** The organisation, when the app is installed for all of it. */
  readonly enterpriseId?: string;
  readonly isEnterpriseInstall?: boolean;
}
