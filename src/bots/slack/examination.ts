/** Checks the bot's settings at Slack, for the operator. */
import { pino } from 'pino';
import type { SlackConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import { SlackApi } from './api.ts';
import { codeOf, failureOf, notAccepted } from './failures.ts';
import { AGENT_SCOPE, missingScopes } from './installations.ts';

/**
 * Finds out what works and what is missing, as lines.
 *
 * @throws StoryError `configuration` when Slack rejects a token, or a token lacks a scope
 */
export async function examine(config: SlackConfig): Promise<string[]> {
  const { botToken, appToken, http, installation } = config;
  const api = new SlackApi({
    api: config.api,
    logger: pino({ level: 'silent' }),
    tokenOf: async () => botToken ?? '',
  });
  const lines: string[] = [];
  if (botToken) {
    const { name, team, teamId, scopes } = await api.identify(botToken).catch((cause) => {
      throw refused('SLACK_BOT_TOKEN', cause);
    });
    const missing = scopes ? missingScopes(scopes) : [];
    if (missing.length > 0) {
      throw new StoryError(
        'configuration',
        `SLACK_BOT_TOKEN lacks ${missing.join(', ')}. Paste manifest.json into the app’s settings again, under ` +
          'App Manifest, then reinstall the app.',
      );
    }
    const isAgent = scopes?.includes(AGENT_SCOPE);
    const known = !scopes ? 'scopes unknown' : isAgent ? 'all scopes' : 'all scopes but one';
    lines.push(`${name} in ${team} (${teamId}), ${known}`);
    if (isAgent === false) {
      lines.push(
        `no agent view: it needs the scope ${AGENT_SCOPE}. Paste manifest.json into the app’s settings again, under ` +
          'App Manifest, and reinstall the app.',
      );
    }
  }
  if (installation) lines.push(`installed by workspaces themselves, at /slack/install`);
  if (http) lines.push(`receives events over HTTP on ${config.host}:${http.port}, at /slack/events`);
  else {
    await api.openSocket(appToken!).catch((cause) => {
      throw refused('SLACK_APP_TOKEN', cause);
    });
    lines.push('receives events in Socket Mode');
  }
  lines.push(config.reply === 'stream' ? 'replies as streams' : 'replies by edits');
  return lines;
}

function refused(setting: Parameters<typeof notAccepted>[0], cause: unknown): StoryError {
  const failure = failureOf(cause);
  const isRefused = failure === 'unauthorized' || failure === 'unscoped';
  const sentence = isRefused
    ? notAccepted(setting)
    : `Slack cannot be reached (${codeOf(cause) ?? failure}). Check the network and SLACK_API, and try again.`;
  return new StoryError('configuration', sentence, { cause });
}
