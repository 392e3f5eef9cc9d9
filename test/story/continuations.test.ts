import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alternatives,
  firstSentences,
  keptText,
  nextSentences,
  writtenRequest,
} from '../../src/story/continuations.ts';
import { STORY_BOUNDS, type StoryRequest } from '../../src/story/story.ts';

const request: StoryRequest = {
  prompt: 'On the red moon',
  context: '',
  preset: 'lively',
  temperature: 0.4,
  length: 1_200,
  seed: 7,
  model: 'scifi',
};

test('a continuation is cut at the end of its first sentence, or of its second where the first is short', () => {
  assert.equal(firstSentences(' He ran. She did not. They met.'), 'He ran. She did not.');
  const long = `${'The ship fell and fell, '.repeat(4)}and was lost.`;
  assert.equal(firstSentences(`${long} Then it rose. And fell.`), long);
  assert.equal(firstSentences('“Run!” he said. “Why?” she asked'), '“Run!” he said.');
  assert.equal(firstSentences('no sentence at all'), 'no sentence at all');
  assert.equal(firstSentences('One only. And then'), 'One only.');
  assert.equal(
    firstSentences('Dr. J. Grey met Mrs. Hall. She ran. Far.'),
    'Dr. J. Grey met Mrs. Hall. She ran.',
  );
  assert.equal(firstSentences('It was I. He knew. So'), 'It was I. He knew.');
});

test('what follows a whole sentence begins with no punctuation of the one before, and has letters', () => {
  assert.equal(nextSentences(' ., and he ran.'), 'and he ran.');
  assert.equal(nextSentences('\n\n“Run!” he said.'), '“Run!” he said.');
  assert.deepEqual(['', '. .', ' ...', '” "'].map(nextSentences), ['', '', '', '']);
});

test('alternatives differ in their seeds only, which follow one another', () => {
  assert.deepEqual(
    alternatives(request),
    [7, 8, 9].map((seed) => ({ ...request, seed })),
  );
  const { max } = STORY_BOUNDS.seed;
  assert.deepEqual(
    alternatives({ seed: max }).map(({ seed }) => seed),
    [max, 0, 1],
  );
});

test('the network writes as much of a brief story as may be kept of it', () => {
  assert.equal(writtenRequest(request), request);
  assert.deepEqual(writtenRequest({ ...request, brief: true }), { ...request, length: 295 });
  assert.equal(writtenRequest({ ...request, brief: true, length: 100 }).length, 100);
});

test('of a brief story the prompt and the first sentences after it are kept, with the space between', () => {
  const text = 'On the red moon\n\n“Run!” he said. She ran. Then it was over. And';
  assert.equal(keptText(request, text), text);
  assert.equal(keptText({ ...request, brief: true }, text), 'On the red moon\n\n“Run!” he said.');
  assert.equal(keptText({ prompt: '', brief: true }, ' and fell. It'), ' and fell.');
  assert.equal(keptText({ prompt: 'On', brief: true }, 'On'), 'On');
  assert.equal(keptText({ prompt: 'It ended.', brief: true }, 'It ended. And'), 'It ended. And');
});
