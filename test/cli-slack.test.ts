/** `scifi doctor` at a terminal, against the fake Slack. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FakeSlack } from './fakes/slack/fake-slack.ts';
import { CliHost, type Outcome } from './helpers/cli.ts';

describe('the Slack checks of scifi doctor', { timeout: 240_000 }, () => {
  let slack: FakeSlack;
  const host = new CliHost();

  before(async () => {
    slack = await FakeSlack.start();
  });
  after(async () => {
    host.stop();
    await slack.stop();
  });

  function doctor(env: Record<string, string> = {}): Promise<Outcome> {
    return host.run(['doctor'], {
      SLACK_BOT_TOKEN: slack.workspace.token,
      SLACK_APP_TOKEN: slack.world.appToken,
      SLACK_API: slack.api,
      // A folder without models: no engine is timed.
      SCIFI_MODELS: '/nowhere',
      ...env,
    });
  }

  it('reports what works, what is missing, and what to do', async () => {
    const [well, noBot, noApp, unreachable, off] = await Promise.all([
      doctor(),
      doctor({ SLACK_BOT_TOKEN: 'xoxb-hunter2' }),
      doctor({ SLACK_APP_TOKEN: 'xapp-hunter2' }),
      doctor({ SLACK_API: 'http://127.0.0.1:1/api' }),
      doctor({ SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: '' }),
    ]);
    assert.match(
      well.stdout,
      /^ok {4}Slack: sci-fi in a workspace \(T\w+\), all scopes\n +receives events in Socket Mode\n +replies by edits$/m,
    );
    assert.match(noBot.stdout, /^FAIL {2}Slack: Slack does not accept SLACK_BOT_TOKEN\. Copy it anew/m);
    assert.match(
      noApp.stdout,
      /^FAIL {2}Slack: Slack does not accept SLACK_APP_TOKEN\. Make one .* connections:write/m,
    );
    assert.match(unreachable.stdout, /^FAIL {2}Slack: Slack cannot be reached \(temporary\)/m);
    assert.match(off.stdout, /^ok {4}Slack: off/m);
    for (const { stdout, stderr } of [noBot, noApp]) assert.doesNotMatch(stdout + stderr, /hunter2|\n +at /);
    const { scopes } = slack.workspace;
    slack.workspace.scopes = scopes.filter((scope) => scope !== 'assistant:write');
    const withoutAgent = await doctor();
    assert.match(
      withoutAgent.stdout,
      /^ok {4}Slack: .*, all scopes but one\n +no agent view: it needs the scope assistant:write\. Paste manifest\.json/m,
    );
    slack.workspace.scopes = slack.workspace.scopes.filter(
      (scope) => scope !== 'im:history' && scope !== 'commands',
    );
    const { code, stdout } = await doctor();
    assert.match(
      stdout,
      /^FAIL {2}Slack: SLACK_BOT_TOKEN lacks commands \(to receive commands .*\), im:history \(to .*\)\. Paste manifest\.json/m,
    );
    assert.equal(code, 1);
  });
});
