/** The model card of an imported model: what is known of it, and what is not. */

import type { Vocabulary } from '../vocabulary.ts';
import { costOf, describeLayers, kindOf, readingText } from './describe.ts';
import type { ImportedModel } from './formats/import-model.ts';
import { parameterCount } from './model.ts';

const ENGLISH = 'en';

/** The text of the `README.md` in an imported model's folder. */
export function importCard({ model, foreign, unusedIds }: ImportedModel): string {
  const { name, layers, reading, vocabulary } = model;
  const cost = costOf(layers, reading);
  const rows = describeLayers(layers).map(
    ({ text, inputs, outputs, parameters }) =>
      `| ${text} | ${inputs} | ${outputs} | ${parameters.toLocaleString(ENGLISH)} |`,
  );
  const silent = foreign.configs?.map(({ className }) => className).join(', ');
  return `# ${name}

|                  |     |
| ---------------- | --- |
| Kind             | ${kindOf(layers)}: ${parameterCount(model).toLocaleString(ENGLISH)} weights |
| Imported from    | ${foreign.source} |
| Reads and writes | ${vocabulary.size} characters${unusedIds.length > 0 ? `; ${unusedIds.length} ids of the file stand for none and were left out` : ''} |
| A text begins    | ${beginningText(vocabulary)} |
| Reading          | ${readingText(reading)} |
| Version          | the first 12 hexadecimal digits of the SHA-256 of \`weights.bin\` |

## Layers

| layer | numbers in | numbers out | weights |
| ----- | ---------- | ----------- | ------- |
${rows.join('\n')}
${silent === undefined ? '' : `\nIn the file: ${silent}. What only matters in training was left out; the softmax at the end is kept in \`model.json\`.\n`}
## What it costs

About ${cost.operations.toLocaleString(ENGLISH, { maximumSignificantDigits: 3 })} operations for each character, in ${cost.steps === 1 ? 'one step' : `${cost.steps} steps: ${cost.reason}`}.

## What is not known

The file does not say what the model was trained on, how well it predicts, or under which licence it may be used. Write that here. \`npm run -s scifi -- evaluate FOLDER FILE\` scores it on a text.
`;
}

/** The id before a text's beginning, as the rest of a sentence that starts with `A text begins`. */
export function beginningText(vocabulary: Vocabulary): string {
  if (vocabulary.eosId !== undefined) return 'after U+0003, which it also writes where a work is over';
  const stand = vocabulary.decode(vocabulary.bosId) === '\n' ? 'a line end' : 'a space';
  return `after ${stand}, since it has no U+0003; nothing that it writes says that a work is over`;
}
