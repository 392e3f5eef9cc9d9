/** Relays over a real queue and a real worker, shown on a board in memory. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Limits, LookUp } from '../../../src/queue/admission/limits.ts';
import { openLimits } from '../../../src/queue/admission/open-limits.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Records } from '../../../src/queue/records/records.ts';
import {
  type RelayBoard,
  RelayLost,
  type RelayMessage,
  type RelayRecord,
  type RelayThread,
} from '../../../src/queue/relays/record.ts';
import { type NewRelay, Relays } from '../../../src/queue/relays/relays.ts';
import { Shelf } from '../../../src/queue/shelf/shelf.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { type Relay, type RelayLine, SILENT_MS, textOf } from '../../../src/story/relay/relay.ts';
import { textOf as workText } from '../../../src/story/shelf.ts';
import { type StartedWorker, startStoryWorker } from '../../harness/story-worker.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';
import { NO_LIMITS } from '../../helpers/limits.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

/** Three relays in a channel, and ten in a community. */
const TOGETHER = { ...NO_LIMITS, together: { channel: 3, community: 10 } };
const logger = pino({ level: 'silent' });
/** The part of an address that is of no use after the end. */
const SECRET = ' secret';

interface Said {
  readonly relayId: string;
  readonly line: RelayLine;
  readonly message: string;
}

/** A board that keeps everything that it shows. */
class Board implements RelayBoard<string> {
  readonly announced: string[] = [];
  readonly opened: string[] = [];
  readonly said: Said[] = [];
  readonly ended: { readonly relayId: string; readonly relay: Relay; readonly titles: readonly string[] }[] =
    [];
  readonly removed: string[] = [];
  readonly givenBack: string[] = [];
  /** The messages of users, by relay. */
  readonly thread = new Map<string, RelayMessage[]>();
  failure: Error | undefined;
  failures = 0;
  isReadable = true;
  /** How many reactions messages have. */
  readonly reactions = new Map<string, number>();
  #messages = 1_000;

  async announce(id: string): Promise<string> {
    this.#fail();
    this.announced.push(id);
    return `head of ${id}`;
  }

  threadOf(_: string, head: string): string {
    return head;
  }

  addressInThread(address: string, head: string): string {
    return `${head} in ${address}`;
  }

  async openThread(_: string, head: string): Promise<void> {
    this.opened.push(head);
  }

  async read({ head }: RelayRecord<string>): Promise<RelayThread | undefined> {
    if (!this.isReadable) return undefined;
    const id = head!.replace('head of ', '');
    const own = this.said.filter(({ relayId }) => relayId === id).map(({ message }) => message);
    return { messages: this.thread.get(id) ?? [], own, reactions: this.reactions };
  }

  async say(relayId: string, _: RelayRecord<string>, line: RelayLine): Promise<string> {
    this.#fail();
    const known = this.said.find((one) => one.relayId === relayId && one.line.draft === line.draft);
    const message = known?.message ?? this.newId();
    if (!known) this.said.push({ relayId, line, message });
    return message;
  }

  async end(relayId: string, { relay, titles = [] }: RelayRecord<string>): Promise<readonly string[]> {
    this.#fail();
    this.ended.push({ relayId, relay, titles });
    return ['end'];
  }

  async remove(_: RelayRecord<string>, messages: readonly string[]): Promise<void> {
    this.removed.push(...messages);
  }

  newId(): string {
    this.#messages += 1;
    return String(this.#messages);
  }

  /** Waits for the end of a relay. */
  async over(id: string): Promise<Relay> {
    const isOver = ({ relayId }: { readonly relayId: string }) => relayId === id;
    return (await until(() => this.ended.find(isOver), `the end of ${id}`, PATIENCE_MS)).relay;
  }

  /** Waits for a number of lines of the network. */
  async lines(id: string, count: number): Promise<RelayLine[]> {
    const lines = () => this.said.filter(({ relayId }) => relayId === id).map(({ line }) => line);
    return until(() => (lines().length >= count ? lines() : undefined), `${count} lines`, PATIENCE_MS);
  }

  #fail(): void {
    if (!this.failure) return;
    this.failures += 1;
    throw this.failure;
  }
}

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`relays, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    let worker: StartedWorker;
    let limits: Limits;
    let closeLimits: () => Promise<void>;
    let runs = 0;
    let now = 0;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
      stories = new Stories(connection);
      await stories.ready();
      worker = await startStoryWorker(connection, stories, logger);
      ({ limits, close: closeLimits } = await openLimits(connection, stories, TOGETHER));
    });
    after(async () => {
      await worker.close();
      await closeLimits();
      await stories.close();
      await backend.stop();
    });

    function shelfOn(platform: string): Shelf<string> {
      return new Shelf<string>(connection, platform, () => now);
    }

    function relaysOn(board: Board, platform: string, from = connection): Relays<string> {
      const giveBack = async (id: string) => void board.givenBack.push(id);
      const lookUp: LookUp = (id) => relays.lookUp(id);
      const relays = new Relays<string>({
        connection: from,
        platform,
        stories,
        limits,
        replies: { giveBack, lookUp },
        shelf: shelfOn(platform),
        lasting: (address) => address.replace(SECRET, ''),
        logger,
        clock: () => now,
      });
      return relays;
    }

    async function withRelays(
      use: (relays: Relays<string>, board: Board, platform: string) => Promise<void>,
    ): Promise<void> {
      const board = new Board();
      runs += 1;
      now = Date.now();
      const platform = `test${runs}`;
      const relays = relaysOn(board, platform);
      try {
        await relays.ready();
        relays.work(board);
        await use(relays, board, platform);
      } finally {
        await relays.close();
      }
    }

    function wish(every: number, opening = 'It began.', channelId = 'c1'): NewRelay<string> {
      const settings = { context: '', temperature: 0.4, length: 1_200, seed: 7, model: 'scifi' };
      return {
        terms: { request: { prompt: opening, ...settings }, every, turns: 'free', cooldownMs: 0 },
        requester: { person: 'test:ann', community: `test:guild ${runs}` },
        hostId: 'ann',
        hostName: 'Ann',
        channelId,
        communityId: 'guild',
        address: channelId,
      };
    }

    function message(board: Board, person: string, text: string): RelayMessage {
      return { id: board.newId(), at: now, person: `test:${person}`, name: person, text, isBlocked: false };
    }

    it('answers line after line, reading the whole story, until its host ends it', async () => {
      await withRelays(async (relays, board) => {
        await relays.start('relay-1', wish(1));
        const [first] = await board.lines('relay-1', 1);
        assert.equal(await relays.threads.find('head of relay-1'), 'relay-1');
        assert.deepEqual(board.givenBack, ['relay-1'], 'its host’s story is given back once');
        const told = [first!.text];
        for (const person of ['bob', 'cem', 'dan']) {
          const { judgement } = await relays.changes.hear(
            'relay-1',
            message(board, person, `Now ${person}.`),
          );
          assert.equal(judgement.is, 'line');
          told.push(`Now ${person}.`, (await board.lines('relay-1', told.length / 2 + 1.5)).at(-1)!.text);
        }
        board.isReadable = false;
        assert.equal(await relays.changes.end('relay-1'), true);
        const relay = await board.over('relay-1');
        assert.equal(textOf(relay), ['It began.', ...told].join(' '));
        assert.equal(relay.ending, 'ended');
        await until(async () => (await relays.lookUp('relay-1')) === 'ended', 'its end', PATIENCE_MS);
        assert.equal(await relays.changes.end('relay-1'), false);
        assert.equal(await relays.changes.ask('relay-1'), 'over');
        const late = await relays.changes.hear('relay-1', message(board, 'bob', 'Late.'));
        assert.equal(late.judgement.is, 'over');
        assert.equal(await relays.delete('relay-1'), true);
        await until(async () => (await relays.lookUp('relay-1')) === 'unknown', 'its removal', PATIENCE_MS);
        assert.deepEqual(board.removed, ['end', ...board.said.map((one) => one.message), 'head of relay-1']);
        assert.equal(await relays.delete('relay-1'), false);
      });
    });

    it('counts the lines of ten people at once, each once', async () => {
      await withRelays(async (relays, board) => {
        await relays.start('relay-2', wish(0));
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        const messages = Array.from({ length: 30 }, (_, index) =>
          message(board, `person ${index % 10}`, `Line ${index}.`),
        );
        const heard = await Promise.all(
          messages.flatMap((one) => [one, one]).map((one) => relays.changes.hear('relay-2', one)),
        );
        assert.equal(heard.filter(({ judgement }) => judgement.is === 'line').length, 30);
        await Promise.all([
          relays.changes.mend('relay-2', { ...messages[3]!, text: 'Mended.' }),
          relays.changes.strike('relay-2', messages[4]!.id),
          relays.changes.strike('relay-2', messages[4]!.id),
        ]);
        assert.equal(await relays.changes.ask('relay-2'), 'asked');
        const [answer] = await board.lines('relay-2', 1);
        assert.equal(await relays.changes.ask('relay-2'), 'its own');
        board.isReadable = false;
        await relays.changes.end('relay-2');
        const expected = messages.map(({ text }, index) => (index === 3 ? 'Mended.' : text)).toSpliced(4, 1);
        assert.equal(textOf(await board.over('relay-2')), ['It began.', ...expected, answer!.text].join(' '));
      });
    });

    it('judges messages that come at once in their order, also where the store answers late', async () => {
      await withRelays(async (first, board, platform) => {
        const asked = wish(0);
        await first.start('relay-o', { ...asked, terms: { ...asked.terms, turns: 'round robin' } });
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        let reads = 0;
        const records: typeof connection.records = async (kind) => {
          const store = await connection.records(kind);
          if (kind !== 'relay-threads') return store;
          const read: typeof store.read = async (id) => {
            reads += 1;
            // The first of them has the last answer.
            await sleep(200 / reads);
            return store.read(id);
          };
          return { ...store, read };
        };
        const second = relaysOn(board, platform, { ...connection, records });
        try {
          await second.ready();
          const heard = [
            message(board, 'bob', 'One.'),
            message(board, 'cem', 'Two.'),
            message(board, 'bob', 'Three.'),
          ];
          const judge = async (one: RelayMessage) => {
            const id = await second.threads.find('head of relay-o');
            return (await second.changes.hear(id!, one)).judgement.is;
          };
          assert.deepEqual(await Promise.all(heard.map(judge)), ['line', 'line', 'out of turn']);
          assert.equal(await second.threads.find('head of another'), undefined);
          board.isReadable = false;
          await first.changes.end('relay-o');
          await board.over('relay-o');
        } finally {
          await second.close();
        }
      });
    });

    it('goes on in another process, which reads what it has missed and repeats nothing', async () => {
      await withRelays(async (first, board, platform) => {
        await first.start('relay-3', wish(2));
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        const heard = [message(board, 'bob', 'One.'), message(board, 'cem', 'Two.')];
        await first.changes.hear('relay-3', heard[0]!);
        await board.lines('relay-3', 1);
        await first.close();
        const missed = [message(board, 'dan', 'Three.'), message(board, 'bob', 'Four.')];
        board.thread.set('relay-3', [{ ...heard[0]!, text: 'Uno.' }, ...missed]);
        const second = relaysOn(board, platform);
        try {
          await second.ready();
          second.work(board);
          await second.catchUp();
          const [answer, next] = await board.lines('relay-3', 2);
          await second.changes.hear('relay-3', missed[0]!);
          await second.changes.end('relay-3');
          const relay = await board.over('relay-3');
          assert.equal(textOf(relay), `It began. Uno. ${answer!.text} Three. Four. ${next!.text}`);
          assert.deepEqual(board.announced, ['relay-3']);
          assert.equal(board.said.length, 2);
        } finally {
          await second.close();
        }
      });
    });

    it('ends after a day without a line, whatever process is there', async () => {
      await withRelays(async (relays, board, platform) => {
        await relays.start('relay-4', wish(0));
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        const queue = connection.queue(`relays-${platform}`);
        await until(async () => (await queue.getJobState('relay-4')) === 'delayed', 'its wait', PATIENCE_MS);
        const job = await queue.getJob('relay-4');
        assert.ok(Math.abs(job!.delay - SILENT_MS) < 60_000, `${job!.delay}`);
        now += SILENT_MS;
        await job!.promote();
        assert.equal((await board.over('relay-4')).ending, 'silent');
        await queue.close();
      });
    });

    it('is taken up again where its job was lost', async () => {
      await withRelays(async (relays, board, platform) => {
        await relays.start('relay-5', wish(0));
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        const queue = connection.queue(`relays-${platform}`);
        await until(async () => (await queue.getJobState('relay-5')) === 'delayed', 'its wait', PATIENCE_MS);
        await queue.remove('relay-5');
        await queue.close();
        await relays.changes.end('relay-5');
        await board.over('relay-5');
      });
    });

    it('has as many in a channel and in a community as the operator allows, is started once, and makes room when it is over', async () => {
      await withRelays(async (relays, board) => {
        await Promise.all([relays.start('relay-6', wish(0)), relays.start('relay-6', wish(0))]).catch(
          () => {},
        );
        const ids = ['relay-6', 'relay-60', 'relay-61'];
        for (const id of ids.slice(1)) await relays.start(id, wish(0));
        await assert.rejects(relays.start('relay-7', wish(0)), /There are 3 relays in this channel already/);
        for (let index = 0; index < 7; index++) {
          ids.push(`relay-7${index}`);
          await relays.start(`relay-7${index}`, wish(0, 'A.', `other ${index}`));
        }
        await assert.rejects(
          relays.start('relay-8', wish(0, 'A.', 'c2')),
          /There are 10 relays here already/,
        );
        for (const id of ids) await relays.changes.end(id);
        for (const id of ids) await board.over(id);
        const begins = () =>
          relays.start('relay-9', wish(0)).then(
            () => true,
            () => false,
          );
        await until(begins, 'the next relay', PATIENCE_MS);
        await relays.changes.end('relay-9');
        await board.over('relay-9');
      });
    });

    it('ends the relays that no user can see any more, and reads those again whose messages were missed', async () => {
      await withRelays(async (relays, board) => {
        for (const [id, channelId] of [
          ['relay-g', 'gone'],
          ['relay-k', 'kept'],
        ] as const) {
          await relays.start(id, wish(0, 'A.', channelId));
          await until(() => board.opened.includes(`head of ${id}`), 'its thread', PATIENCE_MS);
          board.thread.set(id, [message(board, 'bob', 'Missed.')]);
        }
        await relays.lose(({ address }) => address === 'gone');
        await until(async () => (await relays.lookUp('relay-g')) === 'ended', 'its end', PATIENCE_MS);
        const threads = await connection.records('relay-threads');
        const isForgotten = async () => (await threads.read(`test${runs}-head of relay-g`)) === undefined;
        await until(isForgotten, 'the removal of its key', PATIENCE_MS);
        const records = new Records<RelayRecord<string>>(await connection.records('relays'), `test${runs}`);
        const linesOf = async (id: string) => (await records.read(id))!.relay.lines.length;
        await relays.catchUp(({ address }) => address !== 'kept');
        assert.equal((await records.read('relay-k'))!.looks, 1, 'as often as at its beginning');
        await relays.catchUp(({ address }) => address === 'kept');
        await until(async () => (await linesOf('relay-k')) === 2, 'the missed line', PATIENCE_MS);
        assert.deepEqual(board.ended, [], 'nothing is shown where nothing can be seen');
        await relays.changes.end('relay-k');
        await board.over('relay-k');
      });
    });

    it('forgets an author’s name, and ends and removes the relays of a host', async () => {
      await withRelays(async (relays, board) => {
        await relays.start('relay-a', wish(0));
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        await relays.changes.hear('relay-a', message(board, 'bob', 'One.'));
        board.isReadable = false;
        await relays.forget(({ hostId }) => hostId === 'bob', 'test:bob');
        await relays.forget(({ hostId }) => hostId === 'ann', 'test:ann');
        const relay = await board.over('relay-a');
        assert.equal(textOf(relay), 'It began. One.');
        assert.deepEqual(
          relay.people.map((one) => one.name),
          [undefined, undefined],
        );
        await until(async () => (await relays.lookUp('relay-a')) === 'unknown', 'its removal', PATIENCE_MS);
      });
    });

    it('is on the shelf when its end is shown, with the text that was mended, and with titles', async () => {
      await withRelays(async (relays, board, platform) => {
        const shelf = shelfOn(platform);
        await shelf.join('c1', { userId: 'bob', person: 'test:bob' });
        await shelf.join('c1', { userId: 'eve', person: 'test:eve' });
        await relays.start('relay-s', { ...wish(1), address: `c1${SECRET}` });
        await board.lines('relay-s', 1);
        const lines: RelayMessage[] = [];
        const hear = async (person: string, text: string) => {
          lines.push(message(board, person, text));
          await relays.changes.hear('relay-s', lines.at(-1)!);
          await board.lines('relay-s', lines.length + 1);
        };
        for (const text of ['One.', 'Two.', 'Three.']) await hear('bob', text);
        await hear('cem', 'Four.');
        board.thread.set('relay-s', [{ ...lines[0]!, text: 'Uno.' }, lines[1]!, lines[3]!]);
        board.reactions.set(lines[0]!.id, 2).set(lines[3]!.id, 1);
        board.failure = new Error('busy');
        await relays.changes.end('relay-s');
        await until(() => board.failures > 0, 'a refusal', PATIENCE_MS);
        const [before] = await shelf.works('c1');
        assert.match(before?.titles[0] ?? '', /^It began/);
        assert.deepEqual(before?.messages, [], 'its end is not shown');
        board.failure = undefined;
        const relay = await board.over('relay-s');
        const isShown = async () => ((await shelf.works('c1'))[0]?.messages.length ?? 0) > 0;
        await until(isShown, 'its messages', PATIENCE_MS);
        const [work, ...others] = await shelf.works('c1');
        assert.deepEqual(others, [], 'it is there once');
        assert.deepEqual([workText(work!), work!.kind], [textOf(relay), 'relay']);
        assert.ok(workText(work!).startsWith('It began. ') && !workText(work!).includes('Three.'));
        assert.match(workText(work!), / Uno\. .* Two\. .* Four\. /s);
        assert.deepEqual(work!.segments[0], { kind: 'prompt', text: 'It began.' });
        assert.deepEqual(board.ended[0]!.titles, work!.titles);
        assert.deepEqual([work!.messages, work!.address], [['end'], 'head of relay-s in c1']);
        assert.deepEqual(work!.liked, { text: 'Uno.', reactions: 2 });
        assert.deepEqual(work!.credits, { 'test:bob': 2 }, 'lines of users who want to be named');
        assert.equal(work!.community, `test:guild ${runs}`);
        const record = await (await connection.records('relays')).read<RelayRecord<string>>(
          `${platform}-relay-s`,
        );
        assert.equal(record?.record.address, 'c1');
        const queue = connection.queue('stories');
        const left = (await queue.getJobs()).map(({ id }) => id);
        assert.ok(!left.some((id) => id?.includes('relay-s')), 'its stories are removed');
        await queue.close();
        await relays.delete('relay-s');
        await until(async () => (await relays.lookUp('relay-s')) === 'unknown', 'its removal', PATIENCE_MS);
        assert.deepEqual(await shelf.works('c1'), []);
      });
    });

    it('is on no shelf when its host is forgotten, when one side has no line, or when its end has no place', async () => {
      await withRelays(async (relays, board, platform) => {
        const shelf = shelfOn(platform);
        await relays.start('relay-o', wish(1));
        await board.lines('relay-o', 1);
        await relays.start('relay-u', wish(0));
        await relays.changes.hear('relay-u', message(board, 'bob', 'One.'));
        board.isReadable = false;
        for (const id of ['relay-o', 'relay-u']) {
          await relays.changes.end(id);
          await board.over(id);
        }
        const both = async (id: string) => {
          await relays.start(id, wish(1));
          await board.lines(id, 1);
          await relays.changes.hear(id, message(board, 'bob', 'One.'));
          await board.lines(id, 2);
        };
        await both('relay-f');
        await relays.forget(({ hostId }) => hostId === 'ann', 'test:ann');
        await board.over('relay-f');
        await until(async () => (await relays.lookUp('relay-f')) === 'unknown', 'its removal', PATIENCE_MS);
        await both('relay-l');
        board.failure = new RelayLost('gone');
        await relays.changes.end('relay-l');
        await until(() => board.failures > 0, 'a refusal', PATIENCE_MS);
        const isOff = async () => (await shelf.works('c1')).length === 0;
        await until(isOff, 'its removal from the shelf', PATIENCE_MS);
      });
    });

    it('forgets a host before the relay ends, however fast that is', async () => {
      await withRelays(async (relays, board, platform) => {
        await relays.start('relay-h', wish(0));
        await until(() => board.opened.length > 0, 'its thread', PATIENCE_MS);
        board.isReadable = false;
        const records: typeof connection.records = async (kind) => {
          const store = await connection.records(kind);
          const replace: typeof store.replace = async (id, version, record) => {
            const isForgotten = 'isForgotten' in record;
            // Whatever this process has done before may have had its effect elsewhere.
            const until = Date.now() + (isForgotten ? 2_000 : 0);
            while (Date.now() < until && (await relays.lookUp('relay-h')) !== 'ended') await sleep(20);
            return store.replace(id, version, record);
          };
          return { ...store, replace };
        };
        const other = relaysOn(board, platform, { ...connection, records });
        try {
          await other.ready();
          await other.forget(({ hostId }) => hostId === 'ann', 'test:ann');
          await board.over('relay-h');
          await until(async () => (await relays.lookUp('relay-h')) === 'unknown', 'its removal', PATIENCE_MS);
        } finally {
          await other.close();
        }
      });
    });

    it('leaves a platform room between the threads that are read again', async () => {
      await withRelays(async (relays, board) => {
        const ids = ['relay-p', 'relay-q', 'relay-r'];
        for (const id of ids) {
          await relays.start(id, wish(0));
          await until(() => board.opened.includes(`head of ${id}`), 'its thread', PATIENCE_MS);
        }
        const begunAt = performance.now();
        await relays.catchUp();
        assert.ok(performance.now() - begunAt >= 290, 'a tenth of a second after each');
        for (const id of ids) await relays.changes.end(id);
        for (const id of ids) await board.over(id);
      });
    });

    it('is given up when it can be shown to no user, and waits where the platform refuses for a moment', async () => {
      await withRelays(async (relays, board, platform) => {
        board.failure = new Error('busy');
        await relays.start('relay-b', wish(1));
        await until(() => board.failures > 0, 'a refusal', PATIENCE_MS);
        board.failure = undefined;
        await board.lines('relay-b', 1);
        board.failure = new RelayLost('gone');
        await relays.changes.hear('relay-b', message(board, 'bob', 'One.'));
        await until(async () => (await relays.lookUp('relay-b')) === 'ended', 'its end', PATIENCE_MS);
        await relays.removeOlderThan(-1_000);
        assert.equal(await relays.lookUp('relay-b'), 'unknown', 'removed with its age');
        const threads = await connection.records('relay-threads');
        const left = await threads.list(Number.MAX_SAFE_INTEGER);
        assert.ok(!left.some((id) => id.startsWith(`${platform}-`)), 'and so is the key of its thread');
      });
    });
  });
}
