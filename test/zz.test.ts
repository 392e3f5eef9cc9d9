import { it } from 'node:test';
import { surviveOnSlack } from './processes/slack-survival.ts';

it('x', { timeout: 400_000 }, async () => {
  console.log(await surviveOnSlack(12, 'stream'));
});
