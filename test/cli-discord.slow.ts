/** `scifi discord register` and `scifi doctor` at a terminal, against the fake Discord. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../src/bots/commands/table.ts';
import { FakeDiscord } from './fakes/discord/fake-discord.ts';
import { PERMISSION } from './fakes/discord/world.ts';
import { CliHost, type Outcome } from './helpers/cli.ts';

describe('the Discord commands of the operator', { timeout: 240_000, concurrency: 2 }, () => {
  let discord: FakeDiscord;
  const host = new CliHost();

  before(async () => {
    discord = await FakeDiscord.start();
  });
  after(async () => {
    host.stop();
    await discord.stop();
  });

  function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
    return host.run(args, { DISCORD_TOKEN: discord.token, DISCORD_API: discord.api, ...env });
  }

  it('register: everywhere, or in one server', async () => {
    const everywhere = await run(['discord', 'register']);
    assert.equal(everywhere.code, 0, everywhere.stderr);
    const names = discord.world.commands.get('global')!.map(({ name }) => name);
    assert.deepEqual(names, ['scifi', 'Continue as sci-fi', ...COMMANDS.map(({ name }) => name)]);
    assert.ok(everywhere.stdout.startsWith(`${names.length} commands registered everywhere`));
    const { id } = discord.world.guild;
    const here = await run(['discord', 'register', '--guild', id]);
    assert.equal(here.code, 0, here.stderr);
    assert.equal(discord.world.commands.get(id)!.length, names.length);
  });

  it('register: reports mistakes', async () => {
    const cases: [string[], RegExp, Record<string, string>, number?][] = [
      [['discord', 'register'], /DISCORD_TOKEN is not set/, { DISCORD_TOKEN: '' }],
      [
        ['discord', 'register'],
        /Discord does not accept DISCORD_TOKEN\. Copy it anew/,
        { DISCORD_TOKEN: 'a.b.c' },
      ],
      [['discord', 'register'], /DISCORD_TOKEN: expected the token/, { DISCORD_TOKEN: 'hunter2' }],
      [
        ['discord', 'register'],
        /Discord cannot be reached \(temporary\)/,
        { DISCORD_API: 'http://127.0.0.1:1/api' },
        1,
      ],
      [['discord', 'register', '--guild', 'mine'], /17 to 20 digits/, {}],
      [['discord', 'register', '--guild', '12345678901234567'], /Is the bot in the server of that id\?/, {}],
    ];
    for (const [args, sentence, env, expected = 2] of cases) {
      const { code, stderr } = await run(args, env);
      assert.equal(code, expected, stderr);
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /hunter2|\n +at /);
    }
  });

  it('doctor: token, intent, permissions and the invite link', async () => {
    discord.world.permissions &= ~PERMISSION.createPublicThreads;
    const [well, ill] = await Promise.all([run(['doctor']), run(['doctor'], { DISCORD_TOKEN: 'a.b.c' })]);
    assert.equal(well.code, 0, well.stdout);
    assert.match(well.stdout, /^ok {4}Discord: sci-fi \(\d+\), shards: auto of 1, 1000 of 1000 connections/m);
    assert.match(well.stdout, /Message Content Intent: off/);
    assert.match(well.stdout, /in a server it lacks Create Public Threads/);
    const invite = new URL(/invite: (\S+)/.exec(well.stdout)![1]!);
    assert.equal(invite.searchParams.get('client_id'), discord.world.application.id);
    assert.equal(invite.searchParams.get('scope'), 'bot applications.commands');
    assert.equal(ill.code, 1);
    assert.match(ill.stdout, /^FAIL {2}Discord: Discord does not accept DISCORD_TOKEN/m);
  });
});
