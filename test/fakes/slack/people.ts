/** What people do on the fake Slack. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './deliveries.ts';
import type { FakeSlack } from './fake-slack.ts';
import { commandOf, interactionOf, messageOf, nameOf, viewOf } from './payloads.ts';
import { checkText, escaped } from './validation.ts';
import type { FakeBlock, FakeChannel, FakeMessage, FakeTeam, FakeUser } from './world.ts';

interface Element {
  readonly type: string;
  readonly action_id: string;
  readonly text?: { readonly text: string };
  readonly value?: string;
  readonly options?: readonly { readonly text: { readonly text: string }; readonly value: string }[];
}

export class Person {
  readonly user: FakeUser;
  readonly team: FakeTeam;
  readonly #slack: FakeSlack;

  constructor(slack: FakeSlack, name: string, team: FakeTeam) {
    this.#slack = slack;
    this.team = team;
    this.user = slack.world.addUser(team, name);
  }

  /** Types a slash command. Who types in a conversation is in it. */
  slash(channel: FakeChannel, name: string, text = ''): Delivery {
    const { world, manifest, triggers } = this.#slack;
    if (!manifest.commands.has(name)) throw new Error(`The app has no command ${name}.`);
    channel.members.add(this.user.id);
    const target = { channel, user: this.user, on: undefined };
    const command = {
      name,
      text: escaped(text.trim()),
      responseUrl: this.#slack.urlOf(triggers.newResponsePath(target)),
      triggerId: triggers.newTrigger(this.team.id),
    };
    return this.#slack.deliver(
      'slash_commands',
      this.team,
      commandOf(command, this.user, channel, world),
      target,
    );
  }

  /** Presses the button of that label under a message. */
  press(message: FakeMessage, label: string): Delivery {
    const found = elementsOf(message.blocks).find(
      ({ element }) => element.type === 'button' && element.text?.text === escaped(label),
    );
    if (!found) throw new Error(`There is no button ${label} under: ${message.text}`);
    const { world, triggers } = this.#slack;
    const { channel, threadTs, ts } = message;
    const target = { channel, user: this.user, on: message };
    const { block, element } = found;
    const payload = {
      type: 'block_actions',
      ...interactionOf(this.user, this.team, world, triggers.newTrigger(this.team.id)),
      container: {
        type: 'message',
        message_ts: ts,
        channel_id: channel.id,
        is_ephemeral: message.onlyFor !== undefined,
        ...(threadTs ? { thread_ts: threadTs } : {}),
      },
      channel: { id: channel.id, name: nameOf(channel) },
      message: messageOf(message),
      state: { values: {} },
      response_url: this.#slack.urlOf(triggers.newResponsePath(target)),
      actions: [{ ...element, block_id: block.block_id, action_ts: now() }],
    };
    return this.#slack.deliver('interactive', this.team, payload, target);
  }

  /** Chooses a shortcut from a message's menu. */
  shortcut(message: FakeMessage, callbackId: string): Delivery {
    const { world, manifest, triggers } = this.#slack;
    if (!manifest.shortcuts.has(callbackId)) throw new Error(`The app has no shortcut ${callbackId}.`);
    const { channel, ts } = message;
    const target = { channel, user: this.user, on: message };
    const payload = {
      type: 'message_action',
      ...interactionOf(this.user, this.team, world, triggers.newTrigger(this.team.id)),
      action_ts: now(),
      callback_id: callbackId,
      channel: { id: channel.id, name: nameOf(channel) },
      message_ts: ts,
      message: messageOf(message),
      response_url: this.#slack.urlOf(triggers.newResponsePath(target)),
    };
    return this.#slack.deliver('interactive', this.team, payload, target);
  }

  /** Writes a message, as its markup: raw text has to be escaped. */
  say(channel: FakeChannel, text: string, { threadTs }: { threadTs?: string } = {}): FakeMessage {
    channel.members.add(this.user.id);
    const { world } = this.#slack;
    const message = world.addMessage(channel, this.user, {
      text: checkText(text, { isEdit: false }) ?? '',
      threadTs,
    });
    this.#slack.hear(message);
    return message;
  }

  /** Writes a message that mentions the bot. */
  mention(channel: FakeChannel, text: string, options: { threadTs?: string } = {}): FakeMessage {
    return this.say(channel, `<@${this.team.bot.id}> ${text}`, options);
  }

  /** The conversation of this person and the bot alone. */
  direct(): FakeChannel {
    const { channels, bot } = this.team;
    const found = [...channels.values()].find(
      ({ kind, members }) => kind === 'im' && members.has(bot.id) && members.has(this.user.id),
    );
    return found ?? this.#slack.world.addChannel(this.team, { kind: 'im', members: [this.user.id] });
  }

  /** Opens the app's Home. */
  openHome(tab: 'home' | 'messages' = 'home'): Delivery[] {
    const view = this.team.homes.get(this.user.id);
    const { world } = this.#slack;
    return this.#slack.tell(this.team, {
      type: 'app_home_opened',
      user: this.user.id,
      channel: this.direct().id,
      tab,
      ...(view ? { view: viewOf(view, this.team, world) } : {}),
      event_ts: now(),
    });
  }

  /** Chooses an option of a select in the app's Home. */
  choose(actionId: string, value: string): Delivery {
    const view = this.team.homes.get(this.user.id);
    if (!view) throw new Error(`${this.user.name} has not seen the app's Home.`);
    const found = elementsOf(view.blocks).find(({ element }) => element.action_id === actionId);
    const option = found?.element.options?.find((one) => one.value === value);
    if (!found || !option) throw new Error(`The Home offers no ${value} for ${actionId}.`);
    const { world, triggers } = this.#slack;
    const payload = {
      type: 'block_actions',
      ...interactionOf(this.user, this.team, world, triggers.newTrigger(this.team.id)),
      container: { type: 'view', view_id: view.id },
      view: viewOf(view, this.team, world),
      actions: [
        {
          type: found.element.type,
          action_id: actionId,
          block_id: found.block.block_id,
          selected_option: option,
          action_ts: now(),
        },
      ],
    };
    return this.#slack.deliver('interactive', this.team, payload);
  }

  /** Allows the app into the workspace, on the page that its install link leads to; the way back to the app. */
  allow(authorizeUrl: string): string {
    return this.#slack.authorize(authorizeUrl, this.team, this.user);
  }

  /** What only this person can see, in a conversation. */
  whispers({ messages }: FakeChannel): FakeMessage[] {
    return [...messages.values()].filter(({ onlyFor }) => onlyFor === this.user.id);
  }

  /** The next thing that only this person sees in a conversation. */
  async whisper(channel: FakeChannel, timeoutMs = 5_000): Promise<FakeMessage> {
    const before = this.whispers(channel).length;
    for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(10)) {
      const [next] = this.whispers(channel).slice(before);
      if (next) return next;
    }
    throw new Error(`Nothing was said to ${this.user.name} alone.`);
  }
}

/** All that can be pressed or chosen in blocks. */
export function elementsOf(
  blocks: readonly FakeBlock[],
): { readonly block: FakeBlock; readonly element: Element }[] {
  return blocks.flatMap((block) => {
    const { elements, accessory } = block as { elements?: Element[]; accessory?: Element };
    const all = block.type === 'actions' ? (elements ?? []) : accessory ? [accessory] : [];
    return all.map((element) => ({ block, element }));
  });
}

function now(): string {
  return (Date.now() / 1_000).toFixed(6);
}
