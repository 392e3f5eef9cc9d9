import type { Config } from '../config.ts';

/** `doctor` on Slack: whether the tokens are good, what they may do, and how the bot hears. */
export async function checkSlack({ slack }: Config): Promise<string> {
  if (!slack) return 'off (set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to run it)';
  const { examine } = await import('../bots/slack/examination.ts');
  return (await examine(slack)).join('\n              ');
}
