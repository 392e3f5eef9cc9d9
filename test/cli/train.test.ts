import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barOf, epochLine } from '../../src/cli/train.ts';
import { afterChunk, afterEpoch, beginningOf, reportOf } from '../../src/workshop/training/progress.ts';
import { parseSchedule } from '../../src/workshop/training/schedule.ts';

const SETTINGS = {
  architecture: { cell: 'lstm', units: [8], embedding: 4, dropout: 0 },
  schedule: parseSchedule('adam@0.002x10'),
  ...{ steps: 10, clip: 1, epochs: 3, seed: 1 },
} as const;

describe('the progress display of scifi train', () => {
  const vocabulary = { idToChar: {}, charToId: {} };
  // Words of four and a half characters: a chunk of 100 of them is 450 characters.
  const pace = { chunks: 40, rows: 100, charactersPerRow: 4.5 };

  it('shows a bar: the position in the epoch, loss, accuracy, speed, and the time left', () => {
    let progress = beginningOf(SETTINGS, vocabulary);
    for (let i = 0; i < 40; i++) progress = afterChunk(progress, pace, { nats: 9, right: 0 });
    progress = afterEpoch(progress, { bitsPerCharacter: 2, accuracy: 0.4 });
    for (let i = 0; i < 10; i++) {
      progress = afterChunk(progress, pace, { nats: 4.5 * 1.5 * Math.LN2, right: 25 });
    }
    assert.equal(progress.characters, 50 * 450);
    // 70 chunks of 450 characters are left, at 300 a second: 105 s.
    assert.equal(
      barOf(reportOf(progress, pace, 0.002, 300)),
      `[${'='.repeat(6)}${' '.repeat(18)}] 2/3  1.500 bits  25.0%  300 ch/s  2 min left`,
    );
    assert.match(barOf(reportOf(progress, pace, 0.002, 1_500)), / {2}1,500 ch\/s {2}21 s left$/);
    assert.match(barOf(reportOf(progress, pace, 0.002, 3)), / {2}2\.9 h left$/);
  });

  it('prints a line for each epoch, which says when it is the best', () => {
    const report = {
      ...{ epoch: 4, learningRate: 0.1, streams: 8, optimizer: 'sgd', seconds: 12.4, characters: 1 },
      train: { bitsPerCharacter: 1.75, accuracy: 0.6 },
      valid: { bitsPerCharacter: 1.8, accuracy: 0.59 },
    };
    assert.equal(
      epochLine({ ...report, isBest: true }),
      'epoch 5: 1.7500 bits per character (60.0%), validation 1.8000 (59.0%), the best, 12 s',
    );
    assert.doesNotMatch(epochLine({ ...report, isBest: false }), /best/);
  });
});
