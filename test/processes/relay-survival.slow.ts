import { describe, it } from 'node:test';
import { REDIS_SERVER, skipWithout } from '../helpers/programs.ts';
import { randomFrom } from '../reliability/fault.ts';
import { relaysOnDiscord, relaysOnSlack, surviveRelays } from './relay-survival.ts';

const KILLS = 3;

describe('kill -9 in the middle of a relay', { timeout: 840_000 }, () => {
  const platforms = { Discord: relaysOnDiscord, Slack: relaysOnSlack } as const;
  for (const [name, open] of Object.entries(platforms)) {
    for (const backend of ['redis', 'embedded'] as const) {
      const skip = backend === 'redis' && skipWithout(REDIS_SERVER);
      it(`loses and repeats no line: ${name}, on ${backend}`, { skip }, async () => {
        await surviveRelays(await open(), KILLS, randomFrom(7), backend);
      });
    }
  }
});
