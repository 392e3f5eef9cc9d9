/**
 * Everything that can go wrong when Slack is asked for something, and what it means for a reply. The one
 * place where Slack's codes are read.
 */
import { webApi } from '@slack/bolt';

/** Stable codes, for decisions and for the log. */
export type SlackFailure =
  | 'limited' // too many calls of this method; the error says how long to wait
  | 'absent' // the bot is not in this conversation, or may not write there
  | 'gone' // the message, the conversation or the person in it is no more
  | 'unauthorized' // Slack does not know the token (any more), or the workspace does not let the app in
  | 'unscoped' // the token lacks a scope
  | 'temporary' // Slack or the way there has a bad moment
  | 'defect'; // Slack calls the request wrong: a mistake of ours

/** Failures that say that the bot may not do something in a conversation. */
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

/** What a rejected call to Slack means. */
export function failureOf(error: unknown): SlackFailure {
  if (error instanceof webApi.WebAPIRateLimitedError) return 'limited';
  if (error instanceof webApi.WebAPIPlatformError) return MEANING[codeOf(error) ?? ''] ?? 'defect';
  if (error instanceof webApi.WebAPIHTTPError || error instanceof webApi.WebAPIRequestError)
    return 'temporary';
  return error instanceof NoInstallation ? 'unauthorized' : 'defect';
}

/** Slack's own word for what went wrong, such as `not_in_channel`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
}

/** How long Slack asks to wait, in ms; undefined where it does not. */
export function retryAfterOf(error: unknown): number | undefined {
  return error instanceof webApi.WebAPIRateLimitedError ? error.retryAfter * 1_000 : undefined;
}

/** There is no token for a workspace: the app was taken away from it, or never installed. */
export class NoInstallation extends Error {
  constructor(teamId: string) {
    super(`The app is not installed in the workspace ${teamId}.`);
    this.name = 'NoInstallation';
  }
}

/** An error as the log may hold it: codes, and nothing that anybody wrote. */
export function loggable(error: unknown): Record<string, unknown> {
  const failure = failureOf(error);
  const { name, message } = error as { name?: unknown; message?: unknown };
  const code = codeOf(error) ?? name;
  // What Slack complains of are places in our request, and never what stands there.
  const complaints =
    error instanceof webApi.WebAPIPlatformError ? error.data.response_metadata?.messages : undefined;
  const reason = complaints ?? (failure === 'defect' && !codeOf(error) ? message : undefined);
  return { failure, code, ...(reason === undefined ? {} : { reason }) };
}
