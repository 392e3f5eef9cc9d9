/** What users do for the pictures: they request a story, vote, and write a relay. */
import { until } from '../../test/helpers/programs.ts';
import type { Chat, ChatMessage } from './chat.ts';
import type { Drawn, Picture } from './drawing.ts';

const TIMEOUT_MS = 120_000;
/** Number of characters at which a growing story is drawn. */
const HALF_GROWN = 150;
const STORY = { opening: 'On the day when the stars went out,', length: 420, seed: 26 };
const VOTE = { opening: 'The last ship from Mars carried', rounds: 2, seconds: 60 };
/** The votes for each choice in every round. */
const VOTES = [2, 5, 1];
const RELAY = {
  opening: 'The lighthouse on Io had been dark for a year.',
  lines: [
    ['bob', 'Then, at midnight, its lamp flashed three times.'],
    ['cleo', '“Nobody is up there,” said the captain, and she put on her helmet.'],
  ],
} as const;

/** A story while it grows, and when it is done. */
export async function story({ platform, open }: Chat): Promise<Picture> {
  const room = open();
  const { opening, ...options } = STORY;
  room.command('ann', 'scifi', opening, options);
  const reply = await until(() => room.messages()[0], 'a reply', TIMEOUT_MS);
  await until(() => reply.labels().includes('Continue'), 'its end', TIMEOUT_MS);
  const states = reply.states();
  const [growing, done] = [states.find((one) => one.story.length > HALF_GROWN)!, states.at(-1)!];
  return {
    platform,
    name: platform,
    messages: [
      { command: '/scifi', time: 'while it grows', shown: growing },
      { command: '/scifi', time: 'done', shown: done },
    ],
  };
}

/** A vote in its first round, and the story at its end. */
export async function vote({ platform, open }: Chat): Promise<Picture> {
  const room = open();
  const { opening, ...options } = VOTE;
  room.command('ann', 'scifi-vote', opening, options);
  const message = await until(() => room.messages()[0], 'a vote', TIMEOUT_MS);
  const { labels } = message;
  const shown: Drawn['shown'][] = [];
  for (let round = 0; round < VOTE.rounds; round++) {
    await until(() => labels()[0] === '1', 'an open round', TIMEOUT_MS);
    const choices = VOTES.flatMap((count, choice) => Array<number>(count).fill(choice));
    for (const [index, choice] of choices.entries()) message.press(`user ${index}`, labels()[choice]!);
    const counted = VOTES.map((count, choice) => `${choice + 1} (${count})`).join();
    await until(() => labels().slice(0, VOTES.length).join() === counted, 'the counts', TIMEOUT_MS);
    shown.push(newest(message));
    message.press('ann', 'Close this round');
    await until(() => !labels().includes('Close this round'), 'the end of a round', TIMEOUT_MS);
  }
  await until(() => labels().some((label) => label.startsWith('Title: ')), 'its titles', TIMEOUT_MS);
  return {
    platform,
    name: `${platform}-vote`,
    messages: [
      { command: '/scifi-vote', time: 'the first round', shown: shown[0]! },
      { command: '/scifi-vote', time: 'after two rounds', shown: newest(message) },
    ],
  };
}

/** A relay: the message in the channel, and its thread to the end. */
export async function relay({ platform, open }: Chat): Promise<Picture> {
  const room = open();
  room.command('ann', 'scifi-relay', RELAY.opening);
  const head = await until(() => room.messages()[0], 'a relay', TIMEOUT_MS);
  const above = newest(head);
  const isOwn = ({ author }: ChatMessage) => author === undefined;
  const answers = (count: number) =>
    until(() => room.thread().filter(isOwn).length === count, 'a line of the computer', TIMEOUT_MS);
  await answers(1);
  for (const [index, [user, text]] of RELAY.lines.entries()) {
    room.say(user, text);
    await answers(index + 2);
  }
  head.press('ann', 'The end');
  await until(() => room.thread().at(-1)?.labels().includes('Delete'), 'the whole story', TIMEOUT_MS);
  const thread = room.thread().map((message): Drawn => {
    const { author } = message;
    return { ...(author === undefined ? {} : { author }), shown: newest(message) };
  });
  return {
    platform,
    name: `${platform}-relay`,
    messages: [{ command: '/scifi-relay', time: 'in the channel', shown: above }],
    thread: [
      ...thread.slice(0, -1).map((one, index) => (index === 0 ? { ...one, time: 'in the thread' } : one)),
      { ...thread.at(-1)!, time: 'at the end' },
    ],
  };
}

function newest(message: ChatMessage): Drawn['shown'] {
  return message.states().at(-1)!;
}
