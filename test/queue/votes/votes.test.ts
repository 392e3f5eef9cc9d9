/** Votes over a real queue and a real worker, shown on a board in memory. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Limits, LookUp } from '../../../src/queue/admission/limits.ts';
import { openLimits } from '../../../src/queue/admission/open-limits.ts';
import type { Lease } from '../../../src/queue/admission/store.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Shelf } from '../../../src/queue/shelf/shelf.ts';
import { Stories } from '../../../src/queue/stories.ts';
import type { VoteRecord } from '../../../src/queue/votes/records.ts';
import { type VoteBoard, VoteLost } from '../../../src/queue/votes/rounds.ts';
import { type HandedOver, type NewVote, Votes } from '../../../src/queue/votes/votes.ts';
import { isRatable } from '../../../src/story/feedback.ts';
import type { ChannelChoice } from '../../../src/story/story.ts';
import { openingsOf } from '../../../src/story/vote.ts';
import { type StartedWorker, startStoryWorker } from '../../harness/story-worker.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';
import { NO_LIMITS } from '../../helpers/limits.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const OPENING = 'On the red moon';
/** A round that is closed by hand. */
const LONG = 3_600;
/** Between two edits, as the board demands. */
const PAUSE_MS = 20;

interface Shown {
  readonly at: number;
  readonly record: VoteRecord<string>;
  readonly counts: readonly number[];
}

/** A board that keeps everything that it shows. */
class Board implements VoteBoard<string> {
  readonly shown: Shown[] = [];
  readonly removed: string[] = [];
  readonly givenBack: string[] = [];
  readonly replies = new Map<string, HandedOver<string>>();
  readonly endedAt = new Map<string, number>();
  /** How many times a reply is stored without an answer. */
  lostAnswers = 0;
  /** Edits that take place at the same time, at most. */
  most = 0;
  failure: Error | undefined;
  failures = 0;
  #editing = 0;

  async show(_: string, record: VoteRecord<string>, counts: readonly number[]) {
    if (this.failure) {
      this.failures += 1;
      throw this.failure;
    }
    this.#editing += 1;
    this.most = Math.max(this.most, this.#editing);
    await sleep(2);
    this.#editing -= 1;
    this.shown.push({ at: Date.now(), record, counts });
    return { messages: ['m1'], pauseMs: PAUSE_MS };
  }

  async remove(address: string, messages: readonly string[]): Promise<void> {
    this.removed.push(`${address} ${messages}`);
  }

  get last(): Shown | undefined {
    return this.shown.at(-1);
  }

  /** Waits until the choices of a round are open, with their end. */
  async open(round: number): Promise<VoteRecord<string>> {
    const isOpen = ({ record: { vote } }: Shown) => vote.phase === 'open' && vote.round === round;
    return (await until(() => this.shown.find(isOpen), `round ${round}`, PATIENCE_MS)).record;
  }

  /** Waits for the end that is shown where no reply goes on. */
  async over(): Promise<VoteRecord<string>> {
    const isOver = ({ record: { vote } }: Shown) => vote.phase === 'over';
    return (await until(() => this.shown.find(isOver), 'the end', PATIENCE_MS)).record;
  }

  /** Waits for the reply that goes on from a vote. */
  async reply(id: string): Promise<HandedOver<string>> {
    return until(() => this.replies.get(id), `the reply after ${id}`, PATIENCE_MS);
  }

  /** Waits for the story that a channel has chosen. */
  async story(id: string): Promise<{ text: string } & ChannelChoice> {
    const { state } = await this.reply(id);
    assert.ok(state.status === 'finished' && state.chosen);
    return { text: state.text, ...state.chosen };
  }
}

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`votes, ${name}`, { skip, timeout: 180_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    let worker: StartedWorker;
    let limits: Limits;
    let closeLimits: () => Promise<void>;
    let runs = 0;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
      stories = new Stories(connection);
      await stories.ready();
      worker = await startStoryWorker(connection, stories, logger);
      ({ limits, close: closeLimits } = await openLimits(connection, stories, NO_LIMITS));
    });
    after(async () => {
      await worker.close();
      await closeLimits();
      await stories.close();
      await backend.stop();
    });

    function votesOn(board: Board, platform: string): Votes<string> {
      const giveBack = async (id: string, lease: Lease) => {
        board.givenBack.push(id);
        await limits.leave(id, lease);
      };
      const lookUp: LookUp = (id) => (board.replies.has(id) ? Promise.resolve('ended') : votes.lookUp(id));
      const handOver = async (id: string, reply: HandedOver<string>) => {
        // As in the queue, a reply of a known id changes nothing.
        if (!board.replies.has(id)) board.replies.set(id, reply);
        board.endedAt.set(id, Date.now());
        if (board.lostAnswers > 0) {
          board.lostAnswers -= 1;
          throw new Error('Connection is closed.');
        }
      };
      const replies = { giveBack, lookUp };
      const shelf = new Shelf<string>(connection, platform, Date.now);
      const options = { connection, platform, stories, limits, replies, handOver, shelf, logger };
      const votes = new Votes<string>(options);
      return votes;
    }

    async function withVotes(
      use: (votes: Votes<string>, board: Board, platform: string) => Promise<void>,
    ): Promise<void> {
      const board = new Board();
      runs += 1;
      const platform = `test${runs}`;
      const votes = votesOn(board, platform);
      try {
        await votes.ready();
        votes.work(board);
        await use(votes, board, platform);
      } finally {
        await votes.close();
      }
    }

    function wish(rounds: number, seconds: number, channelId = 'c1'): NewVote<string> {
      const settings = { context: '', temperature: 0.4, length: 1_200, seed: 7, model: 'scifi' };
      return {
        terms: { request: { prompt: OPENING, ...settings }, rounds, seconds },
        requester: { person: 'test:ann', community: 'test:guild' },
        hostId: 'ann',
        channelId,
        address: channelId,
      };
    }

    function openings(channelId: string): NewVote<string> {
      const { terms, ...others } = wish(1, LONG, channelId);
      return { ...others, terms: openingsOf(terms.request) };
    }

    it('counts fifty people exactly: twice at once, changed, and too late', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-1', wish(2, LONG));
        const { vote } = await board.open(1);
        assert.equal(new Set(vote.choices).size, 3, vote.choices.join('|'));
        const people = Array.from({ length: 50 }, (_, index) => `test:person ${index}`);
        const cast = people.flatMap((person, index) => [
          votes.changes.cast('vote-1', 1, person, 0, 1),
          votes.changes.cast('vote-1', 1, person, 0, 1),
          votes.changes.cast('vote-1', 1, person, index < 20 ? 0 : 2, 2),
        ]);
        assert.ok((await Promise.all(cast)).every(Boolean));
        // A copy of the first click that arrives after the change of mind.
        for (const person of people) assert.equal(await votes.changes.cast('vote-1', 1, person, 0, 1), true);
        assert.equal(
          await votes.changes.cast('vote-1', 1, 'test:mallory', 7, 1),
          false,
          'there is no such choice',
        );
        await until(() => board.last?.counts.join() === '20,0,30', 'the counts', PATIENCE_MS);
        const counted = board.shown.filter(({ record }) => record.vote.endsAt !== undefined);
        for (const [index, { at }] of counted.slice(1).entries()) {
          // The clock has whole milliseconds.
          assert.ok(at - counted[index]!.at >= PAUSE_MS - 1, 'edits come no faster than the board allows');
        }
        assert.equal(await votes.changes.closeRound('vote-1', 1), true);
        const second = await board.open(2);
        assert.deepEqual(second.vote.past[0]?.counts, [20, 0, 30]);
        assert.equal(second.vote.past[0]?.winner, 2);
        assert.equal(second.vote.text, `${OPENING} ${vote.choices[2]}`);
        assert.equal(await votes.changes.cast('vote-1', 1, people[0]!, 1, 1), false, 'the round is over');
        assert.equal(await votes.changes.closeRound('vote-1', 1), false);
        await votes.changes.cast('vote-1', 2, people[0]!, 1, 1);
        await votes.changes.cast('vote-1', 2, people[1]!, 0, 1);
        await votes.changes.closeRound('vote-1', 2);
        const end = await board.story('vote-1');
        assert.equal(end.ending, 'complete');
        assert.equal(end.past[1]?.winner, 0, 'a tie goes to the first');
        assert.equal(board.most, 1, 'one edit at a time');
        assert.deepEqual(board.givenBack, ['vote-1'], 'its host’s story is given back once');
      });
    });

    it('ends every round on time, and the vote after two rounds without a vote', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-2', wish(5, 1));
        const first = await board.open(1);
        assert.equal(await votes.changes.cast('vote-2', 1, 'test:ann', 1, 1), true);
        const end = await board.story('vote-2');
        assert.equal(end.ending, 'silent');
        assert.deepEqual(
          end.past.map(({ counts }) => counts),
          [
            [0, 1, 0],
            [0, 0, 0],
            [0, 0, 0],
          ],
        );
        assert.equal(end.text, `${OPENING} ${first.vote.choices[1]}`);
        for (const round of [1, 2, 3]) {
          const open = await board.open(round);
          const next = board.shown.find(
            ({ record: { vote } }) => vote.past.length === round && vote.round >= round,
          );
          const at = next?.at ?? board.endedAt.get('vote-2')!;
          // A second is the promise; a loaded machine is given more.
          assert.ok(at >= open.vote.endsAt!, 'no round ends early');
          assert.ok(at - open.vote.endsAt! < 5_000, `${at - open.vote.endsAt!} ms late`);
        }
        assert.equal(await votes.changes.cast('vote-2', 3, 'test:ann', 1, 1), false);
      });
    });

    it('is ended by its host: the open round still counts', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-3', wish(5, LONG));
        const { vote } = await board.open(1);
        await votes.changes.cast('vote-3', 1, 'test:bob', 2, 1);
        assert.equal(await votes.changes.end('vote-3'), true);
        const end = await board.story('vote-3');
        assert.deepEqual([end.ending, end.text], ['ended', `${OPENING} ${vote.choices[2]}`]);
        await until(async () => (await votes.lookUp('vote-3')) === 'ended', 'its end', PATIENCE_MS);
        assert.equal(await votes.changes.end('vote-3'), false);
        assert.equal(
          await votes.changes.delete('vote-3'),
          false,
          'what becomes of it is the matter of its reply',
        );
        await votes.remove('vote-3');
        assert.equal(await votes.lookUp('vote-3'), 'unknown');
      });
    });

    it('becomes a reply of its host, with its messages and the credits of its writer', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-r', wish(1, LONG));
        await board.open(1);
        await votes.changes.cast('vote-r', 1, 'test:bob', 0, 1);
        await votes.changes.closeRound('vote-r', 1);
        const { request, state, hostId, address, messages, lease } = await board.reply('vote-r');
        assert.equal(request.prompt, OPENING);
        assert.deepEqual([hostId, address, messages, lease], ['ann', 'c1', ['m1'], undefined]);
        assert.ok(isRatable(state, request), 'its model and engine are known');
        await votes.start('vote-r', wish(1, LONG));
        const isGone = async () => (await votes.lookUp('vote-r')) === 'ended';
        await until(isGone, 'that it is not started a second time', PATIENCE_MS);
      });
    });

    it('continues a story, whose text is no part of its own', async () => {
      await withVotes(async (votes, board) => {
        const { terms, ...others } = wish(1, LONG);
        const request = { ...terms.request, prompt: '', context: 'The red moon was silent.' };
        await votes.start('vote-s', { ...others, terms: { ...terms, request } });
        const { vote } = await board.open(1);
        await votes.changes.cast('vote-s', 1, 'test:bob', 1, 1);
        await votes.changes.closeRound('vote-s', 1);
        const end = await board.reply('vote-s');
        assert.equal(end.request.context, 'The red moon was silent.');
        assert.equal('text' in end.state && end.state.text, vote.choices[1]);
      });
    });

    it('is deleted while a round is open', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-f', wish(5, LONG));
        await board.open(1);
        assert.equal(await votes.changes.delete('vote-f'), true);
        await until(() => board.removed.join() === 'c1 m1', 'its deletion', PATIENCE_MS);
        await until(async () => (await votes.lookUp('vote-f')) === 'unknown', 'its removal', PATIENCE_MS);
        assert.equal(await votes.changes.delete('vote-f'), false);
        assert.equal(board.replies.size, 0);
      });
    });

    it('offers openings to their requester, and the chosen one is written on as the same story', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-o', openings('c1'));
        // It takes no place among the votes of the channel.
        await votes.start('vote-p', openings('c1'));
        const { vote } = await until(
          () => board.shown.find(({ record }) => record.vote.phase === 'open')?.record,
          'the openings',
          PATIENCE_MS,
        );
        assert.equal(new Set(vote.choices).size, 3, vote.choices.join('|'));
        // A double click, on two openings.
        const chosen = await Promise.all([
          votes.changes.choose('vote-o', 'test:ann', 1, 1),
          votes.changes.choose('vote-o', 'test:ann', 1, 1),
        ]);
        assert.ok(chosen.includes(true));
        const { request, state, lease } = await board.reply('vote-o');
        assert.equal(request.seed, 8, 'the seed of the second opening');
        assert.equal(request.length, 1_200);
        assert.ok(lease, 'it is a story of its requester again');
        const text = OPENING + vote.choices[1];
        assert.deepEqual(state, { status: 'writing', text });
        assert.equal(await votes.changes.choose('vote-o', 'test:ann', 2, 1), false, 'it is chosen already');
        await stories.add('the-same', request);
        let whole = '';
        const end = stories.follow('the-same', (update) => {
          if (update.type === 'done') whole = update.story.text;
        });
        await until(() => whole !== '', 'the story', PATIENCE_MS);
        end();
        assert.ok(whole.startsWith(text) && whole.length > text.length, `${whole} | ${text}`);
      });
    });

    it('is handed over again where that was not confirmed, and to one reply', async () => {
      await withVotes(async (votes, board) => {
        board.lostAnswers = 1;
        await votes.start('vote-h', openings('c1'));
        await until(
          () => board.shown.some(({ record }) => record.vote.phase === 'open'),
          'the openings',
          PATIENCE_MS,
        );
        await votes.changes.choose('vote-h', 'test:ann', 2, 1);
        const { request, state } = await board.reply('vote-h');
        assert.equal(request.seed, 9);
        assert.equal(state.status, 'writing');
        await until(async () => (await votes.lookUp('vote-h')) === 'ended', 'its end', PATIENCE_MS);
        assert.equal(board.lostAnswers, 0);
      });
    });

    it('ends openings of which none is chosen with no story', async () => {
      await withVotes(async (votes, board) => {
        const { terms, ...others } = openings('c1');
        await votes.start('vote-q', { ...others, terms: { ...terms, seconds: 1 } });
        const end = await board.over();
        assert.deepEqual([end.vote.ending, end.vote.past[0]?.winner], ['complete', undefined]);
        await until(async () => (await votes.lookUp('vote-q')) === 'ended', 'its end', PATIENCE_MS);
        assert.equal(await votes.changes.choose('vote-q', 'test:ann', 0, 1), false);
        assert.equal(board.replies.size, 0);
      });
    });

    it('is deleted also where its end is just being shown', async () => {
      await withVotes(async (votes, board) => {
        for (const [index, delayMs] of [0, 1, 2, 3, 5, 8, 13, 21].entries()) {
          const id = `vote-d${index}`;
          await votes.start(id, wish(1, LONG, id));
          await until(() => board.shown.find(({ record }) => record.address === id), 'a vote', PATIENCE_MS);
          await votes.changes.end(id);
          await sleep(delayMs);
          const isDeleted = await votes.changes.delete(id);
          const end = isDeleted ? 'unknown' : 'ended';
          await until(async () => (await votes.lookUp(id)) === end, `its end ${index}`, PATIENCE_MS);
          assert.equal(board.replies.has(id), !isDeleted, 'it is deleted, or goes on as a reply');
        }
      });
    });

    it('is taken up again where its job was lost', async () => {
      await withVotes(async (votes, board, platform) => {
        await votes.start('vote-e', wish(1, LONG));
        await board.open(1);
        const queue = connection.queue(`votes-${platform}`);
        await until(async () => (await queue.getJobState('vote-e')) === 'delayed', 'its wait', PATIENCE_MS);
        await queue.remove('vote-e');
        await queue.close();
        await votes.changes.end('vote-e');
        await board.story('vote-e');
      });
    });

    it('keeps its place in the channel while its job is not there yet', async () => {
      await withVotes(async (votes, board, platform) => {
        await votes.start('vote-f', wish(1, LONG));
        await board.open(1);
        const queue = connection.queue(`votes-${platform}`);
        await until(async () => (await queue.getJobState('vote-f')) === 'delayed', 'its wait', PATIENCE_MS);
        await queue.remove('vote-f');
        await queue.close();
        assert.equal(await votes.lookUp('vote-f'), 'under way');
        await assert.rejects(votes.start('vote-g', wish(1, LONG)), /There is a vote in this channel already/);
        await votes.changes.end('vote-f');
        await board.story('vote-f');
        await until(async () => (await votes.lookUp('vote-f')) === 'ended', 'its end', PATIENCE_MS);
      });
    });

    it('is one in a channel, is started once, and makes room when it is over', async () => {
      await withVotes(async (votes, board) => {
        await Promise.all([votes.start('vote-4', wish(1, LONG)), votes.start('vote-4', wish(1, LONG))]).catch(
          () => {},
        );
        await board.open(1);
        await assert.rejects(votes.start('vote-5', wish(1, LONG)), /There is a vote in this channel already/);
        for (let index = 0; index < 9; index++) {
          await votes.start(`vote-4${index}`, wish(1, LONG, `other ${index}`));
        }
        await assert.rejects(votes.start('vote-6', wish(1, LONG, 'c2')), /There are 10 votes here already/);
        await votes.changes.end('vote-4');
        const begins = async () =>
          votes.start('vote-7', wish(1, LONG)).then(
            () => true,
            () => false,
          );
        await until(begins, 'the next vote', PATIENCE_MS);
        for (const id of ['vote-7', ...Array.from({ length: 9 }, (_, index) => `vote-4${index}`)])
          await votes.changes.end(id);
        await until(() => board.replies.has('vote-48'), 'the ends', PATIENCE_MS);
      });
    });

    it('goes on in another process, which repeats nothing', async () => {
      await withVotes(async (first, board, platform) => {
        await first.start('vote-8', wish(2, 2));
        const { vote } = await board.open(1);
        await first.changes.cast('vote-8', 1, 'test:bob', 1, 1);
        await first.close();
        const second = votesOn(board, platform);
        try {
          await second.ready();
          second.work(board);
          const next = await board.open(2);
          assert.equal(next.vote.text, `${OPENING} ${vote.choices[1]}`);
          await second.changes.cast('vote-8', 2, 'test:bob', 0, 1);
          const end = await board.story('vote-8');
          assert.equal(end.past.length, 2);
          assert.deepEqual((await board.reply('vote-8')).messages, ['m1']);
        } finally {
          await second.close();
        }
      });
    });

    it('forgets a voter’s ballot, and ends and removes the votes of a host', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-9', wish(2, LONG));
        await board.open(1);
        await votes.changes.cast('vote-9', 1, 'test:bob', 0, 1);
        await votes.changes.cast('vote-9', 1, 'test:cem', 1, 1);
        await votes.forget(({ hostId }) => hostId === 'bob', 'test:bob');
        await votes.changes.cast('vote-9', 1, 'test:dan', 2, 1);
        await until(() => board.last?.counts.join() === '0,1,1', 'the counts', PATIENCE_MS);
        await votes.forget(({ hostId }) => hostId === 'ann', 'test:ann');
        const end = await board.over();
        assert.equal(end.vote.ending, 'ended');
        assert.equal(end.hostId, '0');
        await until(async () => (await votes.lookUp('vote-9')) === 'unknown', 'its removal', PATIENCE_MS);
        await votes.start('vote-99', wish(1, LONG));
        await votes.changes.end('vote-99');
        await until(async () => (await votes.count()).active === 0, 'its end', PATIENCE_MS);
        await votes.forget(({ hostId }) => hostId === 'ann', 'test:ann');
        await until(async () => (await votes.lookUp('vote-99')) === 'unknown', 'its removal', PATIENCE_MS);
      });
    });

    it('is given up when it can be shown to no user', async () => {
      await withVotes(async (votes, board) => {
        await votes.start('vote-a', wish(2, LONG));
        await board.open(1);
        board.failure = new VoteLost('gone');
        await votes.changes.cast('vote-a', 1, 'test:bob', 0, 1);
        await until(async () => (await votes.lookUp('vote-a')) === 'ended', 'its end', PATIENCE_MS);
        board.failure = undefined;
        await votes.start('vote-b', wish(1, LONG));
        await votes.changes.end('vote-b');
        await votes.removeOlderThan(-1_000);
        assert.equal(await votes.lookUp('vote-a'), 'unknown', 'removed with its age');
      });
    });

    it('shows its choices at last where the platform refuses for a moment', async () => {
      await withVotes(async (votes, board) => {
        board.failure = new Error('busy');
        await votes.start('vote-c', wish(1, LONG));
        await until(() => board.failures > 0, 'a refusal', PATIENCE_MS);
        board.failure = undefined;
        await board.open(1);
        await votes.changes.end('vote-c');
        await board.story('vote-c');
      });
    });
  });
}
