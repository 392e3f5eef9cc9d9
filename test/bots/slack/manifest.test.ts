/** `manifest.json` configures the app that the code expects. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../../src/bots/commands/table.ts';
import { missingScopes, SCOPES } from '../../../src/bots/slack/installations.ts';
import { suggestionsOf } from '../../../src/bots/slack/receive/agent-events.ts';
import { CONTINUE, SCIFI } from '../../../src/bots/slack/receive/listeners.ts';

describe('manifest.json', () => {
  it('requests the scopes, commands, events and the shortcut that the code uses', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../../manifest.json', import.meta.url), 'utf8'));
    const { features, oauth_config, settings, display_information } = manifest;
    assert.deepEqual(oauth_config.scopes, { bot: Object.keys(SCOPES) });
    assert.deepEqual(missingScopes(oauth_config.scopes.bot), []);
    // The bot works without the agent view.
    assert.deepEqual(missingScopes(['commands']).length, Object.keys(SCOPES).length - 2);
    const { agent_description: agent, suggested_prompts: prompts } = features.agent_view;
    assert.ok(agent.length > 0 && agent.length <= 300);
    assert.deepEqual(prompts, suggestionsOf(0));
    const [story, ...others] = features.slash_commands;
    assert.equal(story.command, SCIFI);
    assert.deepEqual(
      others.map(({ command, description }: Record<string, string>) => ({ command, description })),
      COMMANDS.map(({ name, description }) => ({ command: `/${name}`, description })),
    );
    // Slack replaces the names of users and channels by their ids in these commands.
    const escaped = features.slash_commands.filter(
      ({ should_escape }: { should_escape: boolean }) => should_escape,
    );
    assert.deepEqual(
      escaped.map(({ command }: { command: string }) => command),
      ['/scifi-block'],
    );
    const [shortcut] = features.shortcuts;
    assert.deepEqual(
      [shortcut.callback_id, shortcut.type, shortcut.name],
      [CONTINUE, 'message', 'Continue as sci-fi'],
    );
    for (const event of [
      'agent_session_stopped',
      'app_mention',
      'app_home_opened',
      'message.im',
      'app_uninstalled',
      'tokens_revoked',
    ]) {
      assert.ok(settings.event_subscriptions.bot_events.includes(event), event);
    }
    assert.equal(settings.socket_mode_enabled, true);
    // Slack's limits on displayed text.
    assert.ok(display_information.name.length <= 35 && display_information.description.length <= 140);
    assert.ok(features.shortcuts.every(({ name }: { name: string }) => name.length <= 24));
  });
});
