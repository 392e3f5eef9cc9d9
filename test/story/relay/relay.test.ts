/** The states of a relay. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ask,
  beginDraft,
  draftRequest,
  finishDraft,
  isDue,
  posted,
  unposted,
} from '../../../src/story/relay/drafts.ts';
import { type Heard, hear, isLater, mend, reconcile, strike } from '../../../src/story/relay/lines.ts';
import {
  type Author,
  beginRelay,
  closeRelay,
  creditsOf,
  deadlineOf,
  finishRelay,
  forgetAuthor,
  isShared,
  MAX_AGE_MS,
  RELAY_BOUNDS,
  type Relay,
  type RelayTerms,
  SILENT_MS,
  segmentsOf,
  textOf,
} from '../../../src/story/relay/relay.ts';
import { TURN_MS } from '../../../src/story/relay/turns.ts';

const SETTINGS = { context: '', temperature: 0.4, length: 1_200, seed: 7, model: 'scifi' };
const [ANN, BOB, CEM, DAN] = ['ann', 'bob', 'cem', 'dan'].map((key): Author => ({ key, name: key })) as [
  Author,
  Author,
  Author,
  Author,
];

function termsOf(given: Partial<RelayTerms> & { prompt?: string } = {}): RelayTerms {
  const { prompt = '', ...terms } = given;
  return { request: { prompt, ...SETTINGS }, every: 1, turns: 'free', cooldownMs: 0, ...terms };
}

function begun(given: Parameters<typeof termsOf>[0] = {}): Relay {
  return beginRelay(termsOf(given), ANN, 0);
}

function message(id: number, author: Author, text: string | undefined, at = id): Heard {
  return { id: String(id), at, author, text };
}

/** Hears messages, each of which has to be a line. */
function after(relay: Relay, ...messages: readonly Heard[]): Relay {
  let next = relay;
  for (const one of messages) {
    const heard = hear(next, one);
    assert.equal(heard.judgement.is, 'line', one.text);
    next = heard.relay;
  }
  return next;
}

/** Has the network write its line. */
function answered(relay: Relay, text: string, id?: number): Relay {
  const drafted = beginDraft(relay);
  const { number } = drafted.draft!;
  const next = finishDraft(drafted, number, text, 0);
  return id === undefined ? next : posted(next, number, String(id));
}

describe('a relay that is over', () => {
  const line = (text: string, by?: string, message = 'm') => ({
    text,
    at: 0,
    message,
    ...(by ? { by } : {}),
  });

  it('is one text, in which the words of users are told apart', () => {
    const lines = [
      line('It began', 'ann'),
      line(', and fell.'),
      line('It rose.'),
      line('Up.', 'bob'),
      line('Down.', 'cem'),
    ];
    assert.deepEqual(segmentsOf({ lines: [...lines, line('The end.')] }), [
      { kind: 'prompt', text: 'It began' },
      { kind: 'written', text: ', and fell. It rose. ' },
      { kind: 'prompt', text: 'Up. Down.' },
      { kind: 'written', text: ' The end.' },
    ]);
    assert.deepEqual(segmentsOf({ lines: [] }), []);
  });

  it('has the same text in segments as in one piece, with no space at the edge of a user’s words', () => {
    const texts = fc.stringMatching(/^[A-Za-z,.!…][a-z .]{0,8}$/).filter((text) => text.trim() === text);
    const lines = fc.array(
      fc.record({ text: texts, by: fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined }) }),
    );
    fc.assert(
      fc.property(lines, (all) => {
        const relay = { lines: all.map(({ text, by }) => line(text, by)) };
        const segments = segmentsOf(relay);
        assert.equal(segments.map(({ text }) => text).join(''), textOf(relay));
        for (const [index, { kind, text }] of segments.entries()) {
          assert.notEqual(kind, segments[index + 1]?.kind);
          if (kind === 'prompt') assert.equal(text, text.trim());
        }
      }),
    );
  });

  it('is written together when users and the network have a line in the thread', () => {
    const opening = { text: 'A.', at: 0, by: 'ann' };
    assert.equal(isShared({ lines: [opening, line('B.')] }), false, 'the host alone');
    assert.equal(isShared({ lines: [opening, line('B.', 'bob')] }), false, 'no line of the network');
    assert.equal(isShared({ lines: [line('B.'), line('C.', 'bob')] }), true);
  });
});

describe('a relay', () => {
  it('begins with the opening as a line of its host, which the network answers', () => {
    const relay = begun({ prompt: 'It all began with' });
    assert.equal(textOf(relay), 'It all began with');
    assert.ok(isDue(relay));
    assert.deepEqual(creditsOf(relay), { people: [{ name: 'ann', lines: 1 }], network: 0 });
    const empty = begun();
    assert.ok(!isDue(empty));
    assert.equal(textOf(empty), '');
  });

  it('answers after every line with the next sentence, having read the whole story', () => {
    const first = after(begun({ prompt: 'It began.' }), message(10, BOB, 'A ship fell.'));
    const drafted = beginDraft(first);
    const request = draftRequest(drafted, drafted.draft!);
    assert.deepEqual([request.context, request.prompt, request.seed], ['It began. A ship fell. ', '', 7]);
    const next = finishDraft(
      drafted,
      1,
      '\n\nIt was\nmade of the hardest iron that the men of the old Earth had ever seen in space. More.',
      5,
    );
    assert.equal(
      textOf(next),
      'It began. A ship fell. It was made of the hardest iron that the men of the old Earth had ever seen in space.',
    );
    assert.ok(!isDue(next));
    assert.equal(unposted(next)?.draft, 1);
    assert.equal(unposted(posted(next, 1, '11')), undefined);
    const second = beginDraft(after(next, message(12, BOB, 'It spoke.')));
    assert.equal(draftRequest(second, second.draft!).seed, 8, 'another draft has another seed');
  });

  it('reads the end of a long story', () => {
    let relay = begun({ every: 0 });
    for (let id = 1; id <= 30; id++) relay = after(relay, message(100 + id, BOB, `word${id} `.repeat(40)));
    const drafted = beginDraft(relay);
    const { context } = draftRequest(drafted, drafted.draft!);
    assert.ok(context.length <= 2_000 && context.endsWith('word30 '), context.slice(-20));
  });

  it('answers after every n lines, and when a user asks', () => {
    let relay = after(begun({ every: 3 }), message(1, BOB, 'One.'), message(2, CEM, 'Two.'));
    assert.ok(!isDue(relay));
    assert.ok(isDue(ask(relay, 3)!));
    relay = after(relay, message(3, BOB, 'Three.'));
    assert.ok(isDue(relay));
    relay = answered(relay, 'Four.');
    assert.ok(!isDue(relay));
    assert.equal(ask(relay, 4), undefined, 'its last line is the last one');
    const onDemand = after(begun({ every: 0 }), message(1, BOB, 'One.'), message(2, CEM, 'Two.'));
    assert.ok(!isDue(onDemand));
    const asked = answered(ask(onDemand, 3)!, 'Three.');
    assert.ok(!isDue(asked));
    assert.equal(textOf(asked), 'One. Two. Three.');
    assert.ok(isDue(ask(begun(), 1)!), 'the network may write the first line');
  });

  it('counts a message once, also one that was refused or deleted', () => {
    const relay = after(begun(), message(1, BOB, 'One.'));
    const again = hear(relay, message(1, BOB, 'One.'));
    assert.deepEqual([again.judgement.is, again.relay], ['known', relay]);
    const refused = hear(relay, message(2, BOB, undefined));
    assert.equal(refused.judgement.is, 'no line');
    assert.equal(hear(refused.relay, message(2, BOB, 'Two.')).judgement.is, 'known');
    const deletedBefore = strike(relay, '3');
    assert.equal(hear(deletedBefore, message(3, BOB, 'Three.')).judgement.is, 'known');
    assert.equal(textOf(deletedBefore), 'One.');
  });

  it('mends an edited line, and takes a deleted one out', () => {
    let relay = after(begun({ every: 3 }), message(1, BOB, 'One.'), message(2, CEM, 'Two.'));
    relay = mend(relay, '1', 'Uno.');
    assert.equal(textOf(relay), 'Uno. Two.');
    assert.equal(mend(relay, '1', 'Uno.'), relay, 'nothing has changed');
    assert.equal(mend(relay, '9', 'Nine.'), relay);
    assert.equal(textOf(mend(relay, '1', undefined)), 'Two.', 'edited to what may not join a story');
    relay = strike(relay, '2');
    assert.equal(textOf(relay), 'Uno.');
    assert.equal(relay.unanswered, 1);
    const withNetwork = answered(after(relay, message(3, BOB, 'B.'), message(4, BOB, 'C.')), 'D.', 5);
    assert.equal(textOf(strike(withNetwork, '5')), 'Uno. B. C.', 'a moderator deletes a line of the network');
    assert.equal(strike(withNetwork, '3').unanswered, 0);
  });

  it('begins a draft again when the lines change meanwhile, and never answers a line that is gone', () => {
    let relay = beginDraft(after(begun(), message(1, BOB, 'One.')));
    relay = finishDraft(mend(relay, '1', 'Uno.'), 1, 'Two.', 1);
    assert.deepEqual([textOf(relay), relay.draft?.number], ['Uno.', 2]);
    relay = finishDraft(after(relay, message(2, CEM, 'Dos.')), 2, 'Three.', 1);
    assert.equal(relay.draft?.number, 3);
    relay = finishDraft(after(relay, message(3, CEM, 'Tres.')), 3, 'Four.', 1);
    assert.deepEqual(
      [textOf(relay), relay.draft],
      ['Uno. Dos. Tres. Four.', undefined],
      'the third one counts',
    );
    assert.equal(finishDraft(relay, 3, 'Four.', 1), relay, 'a draft is taken once');
    const gone = finishDraft(strike(beginDraft(after(begun(), message(1, BOB, 'One.'))), '1'), 1, 'Two.', 1);
    assert.deepEqual([textOf(gone), isDue(gone), gone.draft], ['', false, undefined]);
  });

  it('waits for the next line when the network writes nothing, three times', () => {
    let relay = beginDraft(after(begun(), message(1, BOB, 'One.')));
    for (const number of [1, 2, 3]) relay = finishDraft(relay, number, ' ', 1);
    assert.deepEqual([isDue(relay), relay.draft], [false, undefined]);
    assert.ok(isDue(after(relay, message(2, BOB, 'Two.'))));
  });

  it('puts missed lines where their messages are, and keeps to what is newer than the thread that was read', () => {
    const before = answered(
      after(begun({ every: 2 }), message(10, BOB, 'A.'), message(20, CEM, 'B.')),
      'N.',
      30,
    );
    const snapshot = {
      heard: [message(10, BOB, 'A!'), message(15, DAN, 'missed.'), message(40, DAN, 'C.')],
      own: new Set(['30']),
      at: 1_000_000,
    };
    assert.equal(textOf(reconcile(before, snapshot, before)), 'A! missed. N. C.', '20 was deleted');
    const newer = after(mend(before, '10', 'newest.'), message(50, BOB, 'D.'));
    assert.equal(textOf(reconcile(newer, snapshot, before)), 'newest. missed. N. C. D.');
    assert.equal(
      textOf(reconcile(before, { heard: [], own: new Set(), at: 1_000_000 }, before)),
      '',
      'all is deleted',
    );
    const early = { heard: [], own: new Set<string>(), at: 1_000 };
    const kept = textOf(reconcile(before, early, before));
    assert.equal(kept, textOf(before), 'the thread may lag behind the events');
  });

  it('lets everyone write once', () => {
    const relay = after(begun({ turns: 'everyone once', prompt: 'A.' }), message(1, BOB, 'B.'));
    const first = hear(relay, message(2, BOB, 'C.'));
    assert.deepEqual(first.judgement, { is: 'out of turn', isFirst: true, next: undefined });
    const second = hear(first.relay, message(3, BOB, 'C.'));
    assert.deepEqual(second.judgement, { is: 'out of turn', isFirst: false, next: undefined }, 'told once');
    assert.equal(
      hear(second.relay, message(4, ANN, 'D.')).judgement.is,
      'out of turn',
      'the opening is hers',
    );
    assert.equal(textOf(second.relay), 'A. B.');
    after(strike(second.relay, '1'), message(5, BOB, 'B again.'));
  });

  it('lets users write in the order in which they joined, and newcomers at any time', () => {
    let relay = after(
      begun({ turns: 'round robin', prompt: 'A.' }),
      message(1, BOB, 'B.'),
      message(2, CEM, 'C.'),
    );
    const out = hear(relay, message(3, BOB, 'x'));
    assert.deepEqual(out.judgement, { is: 'out of turn', isFirst: true, next: ANN });
    relay = after(out.relay, message(4, ANN, 'D.'), message(5, DAN, 'new.'));
    // Dan has joined after Ann and before Bob, whose turn it was.
    assert.equal(hear(relay, message(6, CEM, 'x')).judgement.is, 'out of turn');
    relay = after(
      relay,
      message(7, BOB, 'E.'),
      message(8, CEM, 'F.'),
      message(9, ANN, 'G.'),
      message(10, DAN, 'H.'),
    );
    assert.equal(hear(relay, message(11, CEM, 'x')).judgement.is, 'out of turn');
    after(relay, message(12, CEM, 'late.', relay.lastAt + TURN_MS));
  });

  it('has a pause between two lines of one user', () => {
    const relay = after(begun({ cooldownMs: 1_000 }), message(1, BOB, 'A.', 100));
    const soon = hear(relay, message(2, BOB, 'B.', 1_099));
    assert.equal(soon.judgement.is, 'too soon');
    after(soon.relay, message(3, CEM, 'C.', 1_000), message(4, BOB, 'D.', 1_100));
  });

  it('is mended while it closes, and never when it is over', () => {
    const closing = closeRelay(
      after(begun({ every: 0 }), message(1, BOB, 'A.'), message(2, CEM, 'B.')),
      'ended',
      50,
    );
    assert.equal(hear(closing, message(60, BOB, 'late.')).judgement.is, 'over');
    assert.equal(textOf(after(closing, message(40, BOB, 'missed.'))), 'A. B. missed.');
    assert.equal(textOf(mend(strike(closing, '1'), '2', 'C.')), 'C.');
    const over = finishRelay(closing, 'silent', 70);
    assert.deepEqual([over.phase, over.ending], ['over', 'ended']);
    assert.equal(hear(over, message(40, BOB, 'missed.')).judgement.is, 'over');
    assert.deepEqual([mend(over, '1', 'x'), strike(over, '1'), ask(over, 80)], [over, over, undefined]);
    assert.ok(!isDue(closing) && !isDue(over));
  });

  it('ends by itself: after a day without a line, at two weeks, and with two hundred lines', () => {
    const relay = after(begun(), message(1, BOB, 'A.', 1_000));
    assert.deepEqual(deadlineOf(relay), { at: 1_000 + SILENT_MS, ending: 'silent' });
    const late = after(relay, message(2, BOB, 'A.', MAX_AGE_MS - 1));
    assert.deepEqual(deadlineOf(late), { at: MAX_AGE_MS, ending: 'old' });
    let full = begun({ every: 0 });
    for (let id = 1; id < RELAY_BOUNDS.lines.max; id++) full = after(full, message(1_000 + id, BOB, 'A.'));
    assert.equal(full.phase, 'open');
    full = after(full, message(9_999, BOB, 'A.'));
    assert.deepEqual([full.phase, full.ending], ['closing', 'full']);
  });

  it('credits lines by their number, and names no user who is forgotten', () => {
    const relay = after(
      begun({ every: 0 }),
      message(1, BOB, 'A.'),
      message(2, CEM, 'B.'),
      message(3, CEM, 'C.'),
    );
    const { people, network } = creditsOf(answered(ask(relay, 1)!, 'D.'));
    assert.deepEqual(people, [
      { name: 'cem', lines: 2 },
      { name: 'bob', lines: 1 },
    ]);
    assert.equal(network, 1);
    const forgotten = forgetAuthor(forgetAuthor(relay, 'cem', 'x1'), 'bob', 'x2');
    assert.ok(!/cem|bob/.test(JSON.stringify(forgotten)));
    assert.deepEqual(
      creditsOf(forgotten).people.map((one) => one.lines),
      [2, 1],
    );
    assert.equal(forgetAuthor(relay, 'nobody', 'x'), relay);
  });

  it('masks vulgar words, and refuses slurs, also in two lines and in an edit', () => {
    const relay = after(begun(), message(1, BOB, 'Fucking robots, the w'));
    assert.equal(textOf(relay), 'F****** robots, the w');
    assert.equal(hear(relay, message(2, CEM, 'The w0ps came.')).judgement.is, 'declined');
    assert.equal(textOf(mend(relay, '1', 'The w0ps came.')), '');
    const long = 'a'.repeat(RELAY_BOUNDS.line.max);
    assert.equal(hear(relay, message(2, CEM, `${long}a`)).judgement.is, 'too long');
    after(relay, message(2, CEM, long));
  });

  it('refuses a slur that an edit completes with the lines before or after', () => {
    const before = after(begun({ every: 0 }), message(1, BOB, 'It is a w o'), message(2, CEM, 'plain ship.'));
    assert.equal(hear(before, message(3, DAN, 'It flew.')).judgement.is, 'line');
    assert.equal(textOf(mend(before, '2', 'p s ship.')), 'It is a w o');
    const behind = after(begun({ every: 0 }), message(1, BOB, 'It is a'), message(2, CEM, 'p s and more.'));
    assert.equal(textOf(mend(behind, '1', 'It is a w o')), 'p s and more.');
    assert.equal(textOf(mend(behind, '1', 'It was a')), 'It was a p s and more.');
  });

  it('keeps the lines of a user who is blocked later, and takes out those that are edited then', () => {
    const relay = after(begun({ every: 0 }), message(1, BOB, 'One.'), message(2, BOB, 'Two.'));
    const blocked = { ...message(3, BOB, 'Three.'), isBlocked: true };
    const heard = hear(relay, blocked);
    assert.equal(heard.judgement.is, 'no line');
    assert.equal(mend(relay, '1', 'One.', true), relay, 'as when Discord adds the preview of a link');
    assert.equal(textOf(mend(relay, '1', 'Mine.', true)), 'Two.');
    const own = new Set<string>();
    const seen = [message(1, BOB, 'One.'), message(2, BOB, 'Edited.')].map((one) => ({
      ...one,
      isBlocked: true,
    }));
    const next = reconcile(relay, { heard: [...seen, blocked], own, at: 100_000 }, relay);
    assert.equal(textOf(next), 'One.');
  });

  it('has the same story in whatever order and however often its events arrive', () => {
    const events = fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 30 }),
        kind: fc.constantFrom('post', 'delete', 'post', 'post'),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(events, (given) => {
        let relay = begun({ every: 0 });
        const gone = new Set<number>();
        const there = new Set<number>();
        for (const { id, kind } of given) {
          if (kind === 'post') {
            if (!gone.has(id)) there.add(id);
            relay = hear(relay, message(id, BOB, `${id}.`)).relay;
          } else {
            gone.add(id);
            there.delete(id);
            relay = strike(relay, String(id));
          }
        }
        const expected = [...there].sort((a, b) => a - b).map((id) => `${id}.`);
        assert.equal(textOf(relay), expected.join(' '));
      }),
    );
  });

  it('knows the order of ids', () => {
    assert.ok(
      isLater('100', '99') && !isLater('99', '100') && isLater('1700000000.000200', '1700000000.000100'),
    );
  });
});
