import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STORY_BOUNDS, type StoryRequest } from '../../src/story/story.ts';
import {
  beginVote,
  type Continuation,
  closeRound,
  continuationRequests,
  endRoundAt,
  endVote,
  offer,
  openingsOf,
  replyAfter,
  type Vote,
  wholeText,
} from '../../src/story/vote.ts';

const request: StoryRequest = {
  prompt: 'On the red moon',
  context: '',
  preset: 'lively',
  temperature: 0.4,
  length: 1_200,
  seed: 7,
  model: 'scifi',
};

const CREDITS = { modelVersion: 'a1b2', engine: 'onnx', unreadable: 0 };

function begun(rounds = 3): Vote {
  return beginVote({ request, rounds, seconds: 60 });
}

/** Texts as one writer wrote them for a vote's round. */
function written(vote: Vote, ...texts: string[]): Continuation[] {
  const requests = continuationRequests(vote);
  return texts.map((text, index) => ({ text, seed: requests[index]!.seed, ...CREDITS }));
}

function open(vote: Vote): Vote {
  return offer(vote, written(vote, ' a robot woke.', ' the lights failed.', ', far from home, they sang.'));
}

describe('a vote', () => {
  it('offers each text once', () => {
    const texts = [' a robot woke.', ' a robot woke.', ' the lights failed.'];
    const { choices, seeds } = offer(begun(), written(begun(), ...texts));
    assert.deepEqual(choices, ['a robot woke.', 'the lights failed.']);
    assert.deepEqual(seeds, [7, 9], 'with the seeds of these');
  });

  it('asks for three continuations of the story so far, under seeds that no round repeats', () => {
    const first = continuationRequests(begun());
    assert.deepEqual(
      first.map(({ prompt, context, seed }) => [prompt, context, seed]),
      [7, 8, 9].map((seed) => ['', 'On the red moon ', seed]),
    );
    const next = closeRound(open(begun()), [0, 1, 0]);
    assert.deepEqual(
      continuationRequests(next).map(({ context, seed }) => [context, seed]),
      [10, 11, 12].map((seed) => ['On the red moon the lights failed. ', seed]),
    );
    const last = { ...begun(), request: { ...request, seed: STORY_BOUNDS.seed.max } };
    assert.deepEqual(
      continuationRequests(last).map(({ seed }) => seed),
      [STORY_BOUNDS.seed.max, 0, 1],
    );
  });

  it('adds the winner to the story, the first of several with the most votes', () => {
    const vote = open(begun());
    assert.equal(closeRound(vote, [1, 5, 2]).text, 'On the red moon the lights failed.');
    assert.equal(closeRound(vote, [0, 2, 2]).text, 'On the red moon the lights failed.');
    const third = closeRound(vote, [0, 0, 1]);
    assert.equal(third.text, 'On the red moon far from home, they sang.');
    assert.deepEqual([third.phase, third.round, third.choices], ['writing', 2, []]);
    assert.deepEqual(third.past[0], { choices: vote.choices, counts: [0, 0, 1], winner: 2 });
  });

  it('ends after its rounds, after two rounds without a vote, or where a user ends it', () => {
    let vote = begun(2);
    for (let round = 0; round < 2; round++) vote = closeRound(open(vote), [1, 0, 0]);
    assert.deepEqual([vote.phase, vote.ending, vote.round], ['over', 'complete', 2]);

    vote = closeRound(open(begun()), [0, 0, 0]);
    assert.deepEqual([vote.phase, vote.round, vote.text], ['writing', 2, 'On the red moon']);
    assert.equal(closeRound(open(vote), [0, 0, 0]).ending, 'silent');
    vote = closeRound(open(vote), [0, 1, 0]);
    assert.equal(vote.ending, undefined, 'the rounds without a vote were not in a row');

    vote = closeRound({ ...open(begun()), isLast: true }, [0, 1, 0]);
    assert.deepEqual([vote.ending, vote.text], ['ended', 'On the red moon the lights failed.']);
    assert.equal(endVote(vote, 'failed'), vote, 'it ends once');
    assert.equal(offer(begun(), written(begun(), '', '  ')).ending, 'failed');
  });

  it('changes nothing when a step is repeated', () => {
    const vote = open(begun());
    assert.equal(offer(vote, written(vote, 'other.')), vote);
    const closed = closeRound(vote, [1, 0, 0]);
    assert.equal(closeRound(closed, [0, 1, 0]), closed);
    assert.equal(endRoundAt(closed, 5), closed);
    const early = endRoundAt(endRoundAt(vote, 9), 5);
    assert.equal(endRoundAt(early, 9).endsAt, 5, 'an end is never moved to a later time');
  });

  it('masks vulgar words of the opening and of the continuations', () => {
    const vote = beginVote({ request: { ...request, prompt: 'What the fuck' }, rounds: 1, seconds: 15 });
    assert.equal(vote.text, 'What the f***');
    assert.match(offer(vote, written(vote, 'Oh fuck. Off.')).choices[0]!, /^Oh f\*\*\*\./);
  });

  it('goes on from a story, whose text it shows and continues, but does not repeat', () => {
    const context = 'It was the year 3000.';
    let vote = beginVote({ request: { ...request, prompt: '', context }, rounds: 2, seconds: 60 });
    assert.equal(wholeText(vote), context);
    assert.deepEqual(
      continuationRequests(vote).map((one) => one.context),
      [`${context} `, `${context} `, `${context} `],
    );
    vote = closeRound(open(vote), [1, 0, 0]);
    assert.equal(vote.text, 'a robot woke.');
    assert.equal(wholeText(vote), `${context} a robot woke.`);
    assert.equal(continuationRequests(vote)[0]?.context, `${context} a robot woke. `);
  });

  it('becomes a finished story with its rounds and its writer', () => {
    const over = closeRound(open(begun(1)), [0, 3, 1]);
    assert.deepEqual(replyAfter(over), {
      request,
      state: {
        status: 'finished',
        ending: 'complete',
        text: 'On the red moon the lights failed.',
        ...CREDITS,
        chosen: { past: over.past, ending: 'complete' },
      },
    });
    assert.equal(replyAfter(endVote(begun(), 'ended'))?.state.text, 'On the red moon');
  });
});

describe('openings to choose from', () => {
  const openings = () => beginVote(openingsOf({ ...request, length: 2_000 }));
  /** The text with a prompt. */
  const whole = (...rest: string[]) => rest.map((text) => request.prompt + text);

  it('are the beginnings of three stories of one request, under seeds that follow each other', () => {
    assert.deepEqual(
      continuationRequests(openings()).map(({ prompt, length, seed }) => [prompt, length, seed]),
      [7, 8, 9].map((seed) => [request.prompt, request.prompt.length + 280, seed]),
    );
    const short = beginVote(openingsOf({ ...request, length: 100 }));
    assert.equal(continuationRequests(short)[0]?.length, 100);
  });

  it('go on as the story whose beginning is chosen, also where another one could not be written', () => {
    const vote = openings();
    const [, second, third] = written(
      vote,
      ...whole('', ' a robot woke. It was late. It ran.', '\nThe fuck end came.'),
    );
    const offered = offer(vote, [second!, third!]);
    assert.deepEqual(offered.choices, [' a robot woke. It was late.', '\nThe f*** end came.']);
    const over = closeRound(offered, [0, 1]);
    assert.deepEqual(replyAfter(over), {
      request: { ...request, length: 2_000, seed: 9 },
      state: { status: 'writing', text: 'On the red moon\nThe f*** end came.' },
      credits: CREDITS,
    });
  });

  it('have no story where none is chosen, or nothing was written', () => {
    const offered = offer(openings(), written(openings(), ...whole(' one.', ' two.', ' three.')));
    assert.equal(replyAfter(closeRound(offered, [0, 0, 0])), undefined);
    assert.equal(replyAfter(endVote(offered, 'ended')), undefined);
    const failed = offer(openings(), written(openings(), ...whole('', ' ')));
    assert.deepEqual([failed.ending, replyAfter(failed)], ['failed', undefined]);
  });
});
