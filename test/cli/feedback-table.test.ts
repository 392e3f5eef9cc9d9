import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { feedbackLines, feedbackRows } from '../../src/cli/feedback-table.ts';
import type { FeedbackCount, Verdict } from '../../src/story/feedback.ts';

const count = (verdict: Verdict, votes: number, more: Partial<FeedbackCount> = {}): FeedbackCount => ({
  day: 20_000,
  platform: 'discord',
  model: 'scifi',
  modelVersion: 'abc123',
  preset: 'lively',
  verdict,
  votes,
  ...more,
});

const COUNTS = [
  count('liked', 1_200, { preset: 'wild' }),
  count('liked', 5),
  count('liked', 3, { day: 20_001, platform: 'web' }),
  count('disliked', 2),
  count('disliked', 1, { platform: 'slack', modelVersion: 'def456' }),
];

describe('the report on feedback', () => {
  it('sums days and platforms, by model, version and preset', () => {
    assert.deepEqual(
      feedbackRows(COUNTS).map(({ share, low, high, ...row }) => ({ ...row, share })),
      [
        {
          model: 'scifi',
          modelVersion: 'abc123',
          preset: 'lively',
          liked: 8,
          disliked: 2,
          platforms: { discord: { liked: 5, disliked: 2 }, web: { liked: 3, disliked: 0 } },
          share: 0.8,
        },
        {
          model: 'scifi',
          modelVersion: 'abc123',
          preset: 'wild',
          liked: 1_200,
          disliked: 0,
          platforms: { discord: { liked: 1_200, disliked: 0 } },
          share: 1,
        },
        {
          model: 'scifi',
          modelVersion: 'def456',
          preset: 'lively',
          liked: 0,
          disliked: 1,
          platforms: { slack: { liked: 0, disliked: 1 } },
          share: 0,
        },
      ],
    );
  });

  it('is a table with intervals', () => {
    assert.deepEqual(feedbackLines(COUNTS, 30), [
      'Feedback on the stories of the last 30 days (UTC):',
      '',
      'model       version  preset  liked  disliked  share liked  95% interval',
      'scifi       abc123   lively      8         2          80%    49% to 94%',
      'scifi       abc123   wild    1,200         0         100%  100% to 100%',
      'scifi       def456   lively      0         1           0%     0% to 79%',
      'all                          1,208         3         100%   99% to 100%',
      'on discord                   1,205         2         100%   99% to 100%',
      'on slack                         0         1           0%     0% to 79%',
      'on web                           3         0         100%   44% to 100%',
    ]);
    assert.deepEqual(feedbackLines([count('liked', 1)], 1).slice(-1), [
      'all                         1         0         100%   21% to 100%',
    ]);
    assert.deepEqual(feedbackLines([], 7), [
      'No user has liked or disliked a story of the last 7 days (UTC).',
    ]);
  });
});
