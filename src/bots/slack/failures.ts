/**
 * Every failure of a call to Slack, and what it means for a reply. The only module that reads Slack's error
 * codes.
 */
import { webApi } from '@slack/bolt';

/** Stable codes, for decisions and for the log. */
export type SlackFailure =
  | 'limited' // too many calls of this method; the error says how long to wait
  | 'absent' // the bot is not in this conversation, or may not write there
  | 'gone' // the message, the conversation or the user in it no longer exists
  | 'unauthorized' // Slack does not accept the token (any more), or the workspace does not allow the app
  | 'unscoped' // the token lacks a scope
  | 'temporary' // Slack or the network fails for the moment
  | 'defect'; // Slack calls the request invalid: a defect of this program

/** Failures that mean that the bot lacks access to a conversation. */
export const CLOSED: readonly SlackFailure[] = ['absent', 'unscoped'];

const MEANING: Readonly<Record<string, SlackFailure>> = {
  ratelimited: 'limited',
  rate_limited: 'limited',
  message_limit_exceeded: 'limited',
  not_in_channel: 'absent',
  channel_not_found: 'absent',
  restricted_action: 'absent',
  restricted_action_read_only_channel: 'absent',
  restricted_action_thread_only_channel: 'absent',
  restricted_action_thread_locked: 'absent',
  restricted_action_non_threadable_channel: 'absent',
  cannot_reply_to_message: 'absent',
  messages_tab_disabled: 'absent',
  channel_type_not_supported: 'absent',
  method_not_supported_for_channel_type: 'absent',
  is_archived: 'gone',
  is_inactive: 'gone',
  message_not_found: 'gone',
  thread_not_found: 'gone',
  cant_update_message: 'gone',
  cant_delete_message: 'gone',
  edit_window_closed: 'gone',
  user_not_in_channel: 'gone',
  user_not_found: 'gone',
  team_not_found: 'unauthorized',
  not_authed: 'unauthorized',
  invalid_auth: 'unauthorized',
  account_inactive: 'unauthorized',
  token_revoked: 'unauthorized',
  token_expired: 'unauthorized',
  org_login_required: 'unauthorized',
  access_denied: 'unauthorized',
  app_access_restricted: 'unauthorized',
  enterprise_is_restricted: 'unauthorized',
  team_access_not_granted: 'unauthorized',
  two_factor_setup_required: 'unauthorized',
  missing_scope: 'unscoped',
  no_permission: 'unscoped',
  not_allowed_token_type: 'unscoped',
  ekm_access_denied: 'unscoped',
  internal_error: 'temporary',
  fatal_error: 'temporary',
  request_timeout: 'temporary',
  update_failed: 'temporary',
  service_unavailable: 'temporary',
  team_added_to_org: 'temporary',
  external_channel_migrating: 'temporary',
  accesslimited: 'temporary',
};

/** Classifies a rejected call to Slack. */
export function failureOf(error: unknown): SlackFailure {
  if (error instanceof webApi.WebAPIRateLimitedError) return 'limited';
  if (error instanceof webApi.WebAPIPlatformError) return MEANING[codeOf(error) ?? ''] ?? 'defect';
  if (error instanceof webApi.WebAPIHTTPError || error instanceof webApi.WebAPIRequestError)
    return 'temporary';
  return error instanceof NoInstallation ? 'unauthorized' : 'defect';
}

/** Slack's own error code, such as `not_in_channel`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
}

/** How long Slack asks to wait, in ms; undefined when it does not say. */
export function retryAfterOf(error: unknown): number | undefined {
  return error instanceof webApi.WebAPIRateLimitedError ? error.retryAfter * 1_000 : undefined;
}

/** There is no token for a workspace: the app was removed from it, or never installed. */
export class NoInstallation extends Error {
  constructor(teamId: string) {
    super(`The app is not installed in the workspace ${teamId}.`);
    this.name = 'NoInstallation';
  }
}

const REMEDIES = {
  SLACK_BOT_TOKEN: 'Copy it anew from the app’s settings, under OAuth & Permissions.',
  SLACK_APP_TOKEN:
    'Make one in the app’s settings, under Basic Information, App-Level Tokens, with the scope connections:write.',
} as const;

/** The sentence for the operator when Slack does not accept a token. */
export function notAccepted(setting: keyof typeof REMEDIES): string {
  return `Slack does not accept ${setting}. ${REMEDIES[setting]}`;
}

/** An error in the form that may be logged: codes, and no text of a user. */
export function loggable(error: unknown): Record<string, unknown> {
  const failure = failureOf(error);
  const { name, message } = error as { name?: unknown; message?: unknown };
  const code = codeOf(error) ?? name;
  // Slack's complaints name paths in the request, and never the values there.
  const complaints =
    error instanceof webApi.WebAPIPlatformError ? error.data.response_metadata?.messages : undefined;
  const reason = complaints ?? (failure === 'defect' && !codeOf(error) ? message : undefined);
  return { failure, code, ...(reason === undefined ? {} : { reason }) };
}
