import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { branchAsk } from '../../../src/page/branch.ts';
import { letterName, percent, rowsOf } from '../../../src/page/likelihoods/candidates.ts';
import { wordAround } from '../../../src/page/likelihoods/letters.ts';
import { runsOf, tintLevel } from '../../../src/page/likelihoods/tint.ts';
import { absenceOf } from '../../../src/page/likelihoods/view.ts';
import { hashFor, planFromHash } from '../../../src/page/link.ts';
import type { Ask } from '../../../src/page/reply.ts';
import { segmentsOf } from '../../../src/page/reply.ts';
import { paragraphsOf } from '../../../src/story/paragraphs.ts';
import type { ReplyState } from '../../../src/story/story.ts';

const ASK: Ask = {
  prompt: 'It',
  context: 'Before. ',
  preset: 'lively',
  temperature: 0.4,
  length: 300,
  seed: 7,
};

function finished(text: string): ReplyState {
  return {
    status: 'finished',
    text,
    ending: 'complete',
    modelVersion: 'a',
    engine: 'integer-1',
    unreadable: 0,
  };
}

test('runs of a tint join characters of one level, and leave out likely and unknown ones', () => {
  const shares = [0.9, 0.3, 0.3, 0.001, undefined, 0.04, 1];
  const reader = { probabilityAt: (offset: number) => shares[offset - 10] };
  assert.deepEqual(runsOf({ from: 10, length: shares.length }, reader), [
    { level: 1, start: 1, end: 3 },
    { level: 4, start: 3, end: 4 },
    { level: 3, start: 5, end: 6 },
  ]);
  assert.deepEqual(
    [1, 0.5, 0.49, 0.2, 0.19, 0.05, 0.049, 0.01, 0.0099].map(tintLevel),
    [0, 0, 1, 1, 2, 2, 3, 3, 4],
  );
});

test('what stood at a place is among the rows, also where it was unlikely', () => {
  const candidates = [
    { text: 'e', probability: 0.6 },
    { text: ' ', probability: 0.3 },
  ];
  const stood = (text: string) =>
    rowsOf({ text, probability: 0.02, candidates }).map((row) => [row.text, row.stood]);
  assert.deepEqual(stood(' '), [
    ['e', false],
    [' ', true],
  ]);
  assert.deepEqual(stood('x').at(-1), ['x', true]);
  assert.deepEqual(['e', ' ', '\n', '\u0003'].map(letterName), [
    '“e”',
    'space',
    'line end',
    'end of the story',
  ]);
  assert.deepEqual([1, 0.43, 0.006, 0.0001].map(percent), ['100%', '43%', '0.6%', 'under 0.1%']);
  assert.deepEqual(
    [wordAround('the old ship', 5), wordAround('the old', 3), wordAround('ab', 0)],
    ['old', '', 'ab'],
  );
});

test('a branch has the text before the letter, the letter, and the settings of its story', () => {
  const branch = branchAsk({ ask: ASK, state: finished('It was dark.') }, 5, 'y');
  assert.deepEqual(branch, { ...ASK, prompt: 'It way', continuesWord: true });
  const long = branchAsk(
    { ask: { ...ASK, length: 6_000 }, state: finished('word '.repeat(1_100)) },
    5_000,
    'x',
  );
  assert.ok(long.prompt.length <= 2_000 && long.prompt.endsWith('word x'));
  assert.ok(long.context.length <= 2_000 && long.context.endsWith('word '));
  const late = branchAsk({ ask: ASK, state: finished('a'.repeat(300)) }, 290, 'x');
  assert.equal(late.length, 491);
  assert.deepEqual(planFromHash(hashFor({ ask: branch, nextSeeds: [] }), () => 0)!.ask, branch);
});

test('each line on the page knows its offset in its reply', () => {
  const replies = [
    {
      ...{ id: 'a', thread: 't', submitted: true },
      ask: { ...ASK, context: '' },
      state: finished('It was.\n\nHe ran'),
    },
    {
      ...{ id: 'b', thread: 't', submitted: true },
      ask: { ...ASK, prompt: '' },
      state: finished('and fell.\nEnd.'),
    },
  ];
  const lines = paragraphsOf(segmentsOf(replies))
    .flat()
    .filter(({ kind }) => kind === 'written');
  for (const { text, source } of lines) {
    const state = replies[source!.reply]!.state as { text: string };
    assert.equal(state.text.slice(source!.from, source!.from + text.length), text);
  }
  assert.deepEqual(
    lines.map(({ text }) => text),
    [' was.', 'He ran', 'and fell.', 'End.'],
  );
});

test('a story without probabilities says why it has none: its engine, or that they were not asked for', () => {
  const state: ReplyState = {
    status: 'finished',
    text: 'It all began.',
    ending: 'complete',
    modelVersion: 'v',
    engine: 'webgpu',
    unreadable: 0,
  };
  const ask: Ask = { prompt: 'It all', context: '', temperature: 0.4, length: 300, seed: 1 };
  const asked = { ...ask, probabilities: true };
  assert.match(
    absenceOf({ ask: asked, state }),
    /^The engine that wrote the newest letters, webgpu, does not/,
  );
  assert.match(absenceOf({ ask, state }), /not recorded\./);
  const known = { alphabet: 'e', from: 6, entries: '' };
  assert.equal(absenceOf({ ask: asked, state: { ...state, probabilities: known } }), '');
  assert.equal(absenceOf({ ask: asked, state: { status: 'writing', text: 'It all' } }), '');
  assert.equal(absenceOf({ ask: asked, state: { ...state, text: 'It all' } }), '', 'nothing was written');
});

test('letters on every tint have a contrast of 4.5 to 1 in both themes', () => {
  const css = readFileSync(new URL('../../../src/page/style.css', import.meta.url), 'utf8');
  const themes = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) =>
    Object.fromEntries(
      [...rules!.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]),
    ),
  );
  assert.equal(themes.length, 2);
  for (const theme of themes) {
    const tints = [1, 2, 3, 4].map((level) => luminance(theme[`unlikely-${level}`]!));
    const ink = luminance(theme.ink!);
    for (const tint of tints) {
      const contrast = (Math.max(ink, tint) + 0.05) / (Math.min(ink, tint) + 0.05);
      assert.ok(contrast >= 4.5, `contrast ${contrast}`);
    }
    // Lightness alone tells the levels apart, for readers who do not see the hue.
    const sheet = luminance(theme.sheet!);
    const distances = tints.map((tint) => Math.abs(tint - sheet));
    assert.deepEqual(
      distances,
      distances.toSorted((a, b) => a - b),
    );
  }
});

/** The relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
