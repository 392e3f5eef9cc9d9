import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { loadModel } from '../../../src/generator/model/files.ts';
import { Storyteller } from '../../../src/generator/storyteller.ts';
import { samplingOf } from '../../../src/story/story.ts';
import { distance } from '../../../src/workshop/evaluation/measures.ts';
import {
  measureHuman,
  measureStories,
  measuresPlot,
  measuresTable,
  type Yardstick,
} from '../../../src/workshop/evaluation/stories.ts';

const SCIFI = fileURLToPath(new URL('../../../models/scifi', import.meta.url));
const PARAGRAPH =
  'The ship rose. The captain said it fell again, and he saw it, and went on to the next one.';

describe('stories that are measured', () => {
  let storyteller: Storyteller;
  let yardstick: Yardstick;
  before(async () => {
    const model = await loadModel(SCIFI);
    yardstick = { lexicon: model.lexicon!, training: undefined };
    storyteller = new Storyteller(model, await createOnnxEngine(model, { capacity: 4 }), { maxWaiting: 8 });
  });
  after(() => storyteller.close());

  test('are the same by a preset and by its settings, and others by other settings', async () => {
    const of = (manner: Parameters<typeof measureStories>[2]) =>
      measureStories(storyteller, 'scifi', manner, 2, yardstick);
    const calm = await of({ preset: 'calm', temperature: 0.4 });
    assert.equal(calm.stories, 2);
    assert.ok(calm.characters > 600 && calm.realWords > 0.95, JSON.stringify(calm));
    assert.deepEqual(await of({ sampling: samplingOf('calm', 0.4) }), calm);
    assert.notDeepEqual(await of({ sampling: { temperature: 1.2, rules: false } }), calm);
  });

  test('stand in a table and a plot beside human text', () => {
    const text = `\u0003Title\n\n${Array(80).fill(PARAGRAPH).join('\n\n')}`;
    const human = measureHuman(text, 3, yardstick)!;
    assert.equal(measureHuman('short', 3, yardstick), undefined);
    const stories = { ...human, realWords: human.realWords - 0.005, names: human.names + 100 };
    const table = measuresTable(
      [
        ['human text', human],
        ['calm', stories],
      ],
      human,
    );
    assert.deepEqual(table[0], ['', 'human text', 'calm']);
    assert.ok(table.every((row) => row.length === 3));
    // One noticeable difference, and one that counts as two, over the ten measures without the training text.
    assert.deepEqual(table.at(-1), ['distance from human text', '0.00', '0.30']);
    assert.ok(Math.abs(distance(stories, human) - 0.3) < 1e-9);
    const svg = measuresPlot([['calm', stories]], human);
    assert.equal(svg.match(/<circle/g)!.length, 10);
    assert.match(svg, />names that return<\/text>/);
  });
});
