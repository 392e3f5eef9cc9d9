import type { Config } from '../config.ts';

/** `doctor` on Discord: whether the token is valid, the bot's permissions, and how to invite it. */
export async function checkDiscord({ discord }: Config): Promise<readonly string[]> {
  if (!discord) return ['off (set DISCORD_TOKEN to run it)'];
  const { examine } = await import('../bots/discord/examination.ts');
  return examine(discord);
}
