/** Actions of users on the fake Slack. */
import { randomUUID } from 'node:crypto';
import type { Delivery } from './delivery.ts';
import type { FakeSlack } from './fake-slack.ts';
import { MANIFEST } from './manifest.ts';
import { actionOf, commandOf, ratingOf, settingOf, shortcutOf, submissionOf } from './payloads.ts';
import { type FakeView, filledIn } from './views.ts';
import {
  type FakeChannel,
  type FakeElement,
  type FakeMessage,
  type FakeUser,
  slackId,
  timestamp,
} from './world.ts';

export class Person {
  readonly user: FakeUser;
  readonly #slack: FakeSlack;

  constructor(slack: FakeSlack, name: string) {
    this.#slack = slack;
    this.user = { id: slackId('U'), name };
    slack.world.people.set(this.user.id, this.user);
  }

  /** Uses a slash command. */
  slash(channel: FakeChannel, command: string, text = ''): Delivery {
    const { world } = this.#slack;
    if (!MANIFEST.commands.includes(command)) throw new Error(`The app has no command ${command}.`);
    const said = { channel, user: this.user, command, text };
    return this.#slack.deliver('slash_commands', commandOf(world, said, this.#trigger(channel)), {
      channel,
      user: this.user,
    });
  }

  /** Reacts to a message. */
  react({ reactedBy }: FakeMessage, name = 'heart'): void {
    reactedBy.set(name, new Set([...(reactedBy.get(name) ?? []), this.user.id]));
  }

  /** Presses the button with that label under a message. */
  press(message: FakeMessage, label: string): Delivery {
    const { world } = this.#slack;
    const button = buttonsOf(message).find((one) => labelOf(one) === label);
    if (!button) throw new Error(`There is no button ${label} under: ${message.text}`);
    const payload = actionOf(world, this.user, message, button, this.#trigger(message.channel));
    return this.#slack.deliver('interactive', payload);
  }

  /**
   * Presses a button of the feedback under a message, which screen readers read as this label.
   *
   * @param laterMs how much later than now the press was
   */
  rate(message: FakeMessage, label: string, laterMs = 0): Delivery {
    const { world } = this.#slack;
    const elements = message.blocks.filter(({ type }) => type === 'context_actions');
    for (const element of elements.flatMap((block) => block.elements ?? [])) {
      for (const button of [element.positive_button, element.negative_button]) {
        if (button?.accessibility_label !== label) continue;
        const trigger = this.#trigger(message.channel);
        return this.#slack.deliver(
          'interactive',
          ratingOf(world, this.user, message, element, button, trigger, laterMs),
        );
      }
    }
    throw new Error(`There is no feedback ${label} under: ${message.text}`);
  }

  /** The modal that was shown in answer to a press; undefined until then. */
  viewAfter({ payload }: Delivery): FakeView | undefined {
    return this.#slack.world.triggers.get(String(payload.trigger_id))?.view;
  }

  /** Fills in the modal that a press has shown, and sends it. */
  fill({ payload }: Delivery, values: Readonly<Record<string, string>> = {}): Delivery {
    const { world } = this.#slack;
    const trigger = world.triggers.get(String(payload.trigger_id));
    if (!trigger?.view) throw new Error('The press has shown no modal.');
    const state = filledIn(trigger.view, values);
    return this.#slack.deliver('interactive', submissionOf(world, trigger, state, triggerId()));
  }

  /** Chooses a shortcut from a message's menu. */
  shortcut(message: FakeMessage, callbackId: string): Delivery {
    const { world } = this.#slack;
    if (!MANIFEST.shortcuts.includes(callbackId)) throw new Error(`The app has no shortcut ${callbackId}.`);
    const payload = shortcutOf(world, this.user, message, callbackId, this.#trigger(message.channel));
    return this.#slack.deliver('interactive', payload);
  }

  /** Writes a message; the bot receives it in its channels. */
  say(channel: FakeChannel, text: string, { threadTs }: { threadTs?: string } = {}): FakeMessage {
    return this.#slack.world.addMessage(channel, this.user, { text, threadTs });
  }

  /** Edits an own message. */
  edit(message: FakeMessage, text: string): void {
    this.#slack.world.editMessage(message, { text });
  }

  /** Deletes an own message. */
  delete(message: FakeMessage): void {
    message.isDeleted = true;
    this.#slack.world.onDelete(message);
  }

  /** Writes a message that begins with a mention of the bot. */
  mention(channel: FakeChannel, text: string, options: { threadTs?: string } = {}): FakeMessage {
    return this.say(channel, `<@${channel.workspace.bot.id}> ${text}`, options);
  }

  /** Opens the direct messages with the bot. */
  openMessages(workspace = this.#slack.workspace): FakeChannel {
    const channel = this.#slack.world.directOf(workspace, this.user.id);
    this.#slack.dispatch(workspace, {
      type: 'app_home_opened',
      user: this.user.id,
      channel: channel.id,
      tab: 'messages',
      event_ts: timestamp(),
    });
    return channel;
  }

  /** Presses the Stop button of a session that is at work. */
  stopSession(channel: FakeChannel, threadTs: string): Delivery {
    const { world } = this.#slack;
    if (world.agent.sessionOf(channel, threadTs)?.statuses.at(-1) !== 'processing') {
      throw new Error('The session has no Stop button.');
    }
    if (!world.subscriptions.has('agent_session_stopped'))
      throw new Error('The app has not subscribed to it.');
    const streams = [...channel.messages.values()].filter(
      (message) => message.threadTs === threadTs && message.streamingSince !== undefined,
    );
    for (const message of streams) message.streamingSince = undefined;
    return this.#slack.dispatch(channel.workspace, {
      type: 'agent_session_stopped',
      channel: channel.id,
      user: this.user.id,
      thread_ts: threadTs,
      streaming_message_ts: streams.map(({ ts }) => ts),
      event_ts: timestamp(),
    });
  }

  /** Opens the App Home. */
  openHome(workspace = this.#slack.workspace): Delivery {
    const event = {
      type: 'app_home_opened',
      user: this.user.id,
      channel: slackId('D'),
      tab: 'home',
      event_ts: String(Date.now() / 1_000),
    };
    return this.#slack.dispatch(workspace, event);
  }

  /** Chooses an option of a menu on the App Home. */
  choose(actionId: string, value: string, workspace = this.#slack.workspace): Delivery {
    const { world } = this.#slack;
    const menus = (world.homes.get(this.user.id)?.blocks ?? []).map(({ accessory }) => accessory);
    const menu = menus.find((one) => one?.action_id === actionId);
    const option = menu?.options?.find((one) => one.value === value);
    if (!option) throw new Error(`There is no ${value} in a menu ${actionId} on the App Home.`);
    const element = { type: 'static_select', action_id: actionId, selected_option: option };
    const trigger = { triggerId: triggerId(), responseUrl: '' };
    return this.#slack.deliver('interactive', settingOf(world, this.user, workspace, element, trigger));
  }

  #trigger(channel: FakeChannel): { triggerId: string; responseUrl: string } {
    const id = triggerId();
    const { workspace } = channel;
    this.#slack.world.triggers.set(id, { at: Date.now(), user: this.user, workspace });
    return { triggerId: id, responseUrl: this.#slack.openResponseUrl(channel, this.user) };
  }
}

/** The buttons under a message. */
export function buttonsOf({ blocks }: Pick<FakeMessage, 'blocks'>): FakeElement[] {
  return blocks
    .filter(({ type }) => type === 'actions')
    .flatMap(({ elements = [] }) => elements.filter(({ type }) => type === 'button'));
}

export function labelOf({ text }: FakeElement): string {
  return typeof text === 'string' ? text : (text?.text ?? '');
}

function triggerId(): string {
  return `${Date.now()}.${randomUUID().replaceAll('-', '')}`;
}
