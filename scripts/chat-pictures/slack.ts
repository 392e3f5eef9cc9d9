/** The fake Slack, as the pictures show it. */
import type { FakeSlack } from '../../test/fakes/slack/fake-slack.ts';
import { buttonsOf, labelOf, Person } from '../../test/fakes/slack/people.ts';
import { type FakeBlock, type FakeChannel, type Seen, wordsOf } from '../../test/fakes/slack/world.ts';
import { type Chat, type ChatMessage, usersOf } from './chat.ts';
import type { Button, Shown } from './drawing.ts';

export function slackChat(slack: FakeSlack): Chat {
  const person = usersOf((name) => new Person(slack, name));
  const seen = ({ messages }: FakeChannel, threadTs: string | undefined): ChatMessage[] =>
    [...messages.values()]
      .filter((message) => message.threadTs === threadTs)
      .map((message) => ({
        author: message.isBots ? undefined : message.user.name,
        states: () => message.history.map(shownOf),
        labels: () => buttonsOf(message).map(labelOf),
        press: (user, label) => void person(user).press(message, label),
      }));
  return {
    platform: 'slack',
    open() {
      const channel = slack.world.addChannel(slack.workspace);
      const threadTs = () => [...channel.messages.keys()][0]!;
      return {
        command(user, name, text, options = {}) {
          const words = Object.entries(options).map(([option, value]) => `${option}=${value}`);
          person(user).slash(channel, `/${name}`, [text, ...words].join(' '));
        },
        messages: () => seen(channel, undefined),
        thread: () => seen(channel, threadTs()),
        say: (user, text) => void person(user).say(channel, text, { threadTs: threadTs() }),
      };
    },
  };
}

/** Slack escapes the same characters as HTML. */
function shownOf({ text, blocks }: Seen): Shown {
  if (blocks.length === 0) return { story: text, smallPrint: '', rows: [] };
  const sections = blocks.flatMap((block) => (block.type === 'section' && block.text ? [block.text] : []));
  return {
    story: sections
      .map((one) => (one.type === 'mrkdwn' ? one.text.replace(/\*(.+)\*/, '<b>$1</b>') : one.text))
      .join('\n'),
    // The time at which a round of a vote ends.
    smallPrint: wordsOf(blocks, 'context').replace(/<!date[^>]*>/, '8:15:30 PM'),
    rows: blocks.map(buttonsIn),
  };
}

function buttonsIn(block: FakeBlock): Button[] {
  // Slack draws feedback buttons as thumbs without a frame or a label.
  if (block.elements?.some(({ type }) => type === 'feedback_buttons')) {
    return ['👍', '👎'].map((label) => ({ label, style: 'bare' }));
  }
  return buttonsOf({ blocks: [block] }).map((button) => ({ label: labelOf(button), style: button.style }));
}
