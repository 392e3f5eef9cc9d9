import type { Config } from '../config.ts';
import { tryPort } from '../http/listen.ts';

/** `doctor` on Slack: whether the tokens are valid, their scopes, and how the bot receives events. */
export async function checkSlack({ slack }: Config): Promise<readonly string[]> {
  if (!slack) return ['off (set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to run it)'];
  if (slack.http) await tryPort({ host: slack.host, port: slack.http.port, setting: 'SLACK_PORT' });
  const { examine } = await import('../bots/slack/examination.ts');
  return examine(slack);
}
