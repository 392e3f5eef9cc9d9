import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoryError } from '../../../src/errors.ts';
import { nextPhase, parseSchedule } from '../../../src/workshop/training/schedule.ts';

describe('a schedule', () => {
  it('lists the phases and when each begins', () => {
    assert.deepEqual(parseSchedule('adadelta, 20:sgd@0.01x64, plateau3:sgd@1e-3'), [
      { from: { epoch: 0 }, optimizer: 'adadelta', learningRate: 1, streams: 32 },
      { from: { epoch: 20 }, optimizer: 'sgd', learningRate: 0.01, streams: 64 },
      { from: { plateau: 3 }, optimizer: 'sgd', learningRate: 0.001, streams: 64 },
    ]);
  });

  it('names the part that cannot be read', () => {
    for (const [text, part] of [
      ['', '""'],
      ['adamant', 'adamant'],
      ['adam@0', 'adam@0'],
      ['adam@1e999', 'adam@1e999'],
      ['adamx0', 'adamx0'],
      ['adamx9000', 'adamx9000'],
      ['3:adam', '3:adam'],
      ['adam,sgd', 'sgd'],
      ['adam,plateau0:sgd', 'plateau0:sgd'],
    ] as const) {
      assert.throws(
        () => parseSchedule(text),
        (error) =>
          error instanceof StoryError && error.code === 'bad_request' && error.message.includes(part),
        text,
      );
    }
  });

  it('goes from phase to phase, at an epoch or on a plateau, and never back', () => {
    const phases = parseSchedule('adam,5:sgd,plateau2:sgd@0.01,9:rmsprop');
    assert.equal(nextPhase(phases, 0, 4, 99), 0);
    assert.equal(nextPhase(phases, 0, 5, 99), 1, 'what was fruitless before the phase does not count');
    assert.equal(nextPhase(phases, 1, 6, 1), 1);
    assert.equal(nextPhase(phases, 1, 6, 2), 2);
    assert.equal(nextPhase(phases, 1, 12, 2), 3, 'a phase whose time has come already is passed through');
    assert.equal(nextPhase(phases, 3, 1, 0), 3);
  });
});
