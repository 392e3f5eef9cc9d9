import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beginningLine,
  endingAnnouncement,
  endingLine,
  fileNameFor,
  statusLine,
  waitingLine,
  wordCount,
} from '../../src/page/words.ts';
import type { Story } from '../../src/story/story.ts';
import { footerLine, ordinal } from '../../src/story/wording.ts';
import { ASK, finished } from './replies.ts';

const ready = { phase: 'ready', loaded: 1 } as const;

test('positions in the queue', () => {
  const places = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1_003].map(ordinal);
  assert.equal(places.join(), '1st,2nd,3rd,4th,11th,12th,13th,21st,102nd,111th,1,003rd');
  assert.equal(waitingLine({ position: 3 }, ready), '3rd in the queue');
  assert.equal(waitingLine({ position: 1 }, ready), 'Next in the queue');
  assert.equal(waitingLine({ position: null }, ready), 'Waiting for the computer…');
});

test('the reasons why a story has not started', () => {
  assert.equal(
    waitingLine({ position: 3 }, { phase: 'loading', loaded: 0.404 }),
    'Waking the computer… 40%, 3rd in the queue',
  );
  assert.match(waitingLine({ position: 3 }, { phase: 'none', loaded: 0 }), /^No storyteller is running\./);
  assert.equal(statusLine({ phase: 'loading', loaded: 7 }), 'Waking the computer… 100%');
});

test('a footer suffices to generate the story again', () => {
  const models = [{ name: 'scifi', title: 'Science fiction', description: '' }];
  const line =
    'Science fiction abc123 (onnx) · classic, temperature 0.4 · seed 7 · written by a neural network';
  assert.equal(footerLine(ASK, finished('x') as Story, models), line);
  assert.match(footerLine(ASK, finished('x') as Story, []), /^scifi abc123/);
});

test('endings', () => {
  assert.equal(endingAnnouncement(finished('x'), 1_234), 'Story finished, 1,234 words');
  assert.equal(endingAnnouncement(finished('x', 'stopped'), 3), 'Stopped');
  assert.equal(endingLine(finished('x'), 3), '');
  assert.equal(endingLine(finished('x', 'stopped'), 3), 'Stopped.');
  assert.equal(endingLine(finished('', 'stopped'), 0), 'Stopped before the first word.');
  assert.match(
    endingLine({ ...(finished('x') as Story), status: 'finished', unreadable: 12 }, 3),
    /^The computer could not read 12 characters/,
  );
  const stopped = finished('x', 'stopped') as Story;
  assert.match(
    endingLine({ ...stopped, status: 'finished', unreadable: 1 }, 3),
    /^Stopped\. .* 1 character /,
  );
});

test('a story that began anew says so, while it grows and at its end', () => {
  const line = 'The computer that wrote this story was replaced, so the story began again.';
  assert.equal(beginningLine({ status: 'writing', text: 'x' }), '');
  assert.equal(beginningLine({ status: 'writing', text: 'x', beginning: 1 }), line);
  const stopped = finished('x', 'stopped') as Story;
  assert.equal(endingLine({ ...stopped, status: 'finished', beginning: 2 }, 3), `${line} Stopped.`);
});

test('words are counted in any script, and form a file name', () => {
  assert.equal(wordCount('It’s 7 o’clock — well-known, naïve. Привет мир!'), 7);
  assert.equal(fileNameFor('It all began with… the "end" of all things'), 'it-all-began-with-the-end.txt');
  assert.equal(fileNameFor('привет'), 'story.txt');
});
