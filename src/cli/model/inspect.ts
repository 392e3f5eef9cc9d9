import type { Command } from 'commander';
import {
  costOf,
  describeLayers,
  type LayerDescription,
  readingText,
} from '../../generator/model/describe.ts';
import { readModel } from '../../generator/model/formats/read-model.ts';
import { findModel } from './find.ts';

/** `model inspect`: what a model is made of, and what it costs. */
export function addModelInspect(model: Command): void {
  model
    .command('inspect')
    .description("show a model's layers, weights, way of reading and cost")
    .argument('<model>', 'a folder, a file in any format that can be imported, or the name of a model')
    .action(async (named: string) => {
      const { source, layers, reading } = await readModel(findModel(named));
      const described = describeLayers(layers);
      const parameters = described.reduce((sum, layer) => sum + layer.parameters, 0);
      const cost = costOf(layers, reading ?? { kind: 'stateful' });
      process.stdout.write(
        `format     ${source}\n` +
          `reading    ${reading ? readingText(reading) : 'not said; stateful unless it is imported with --window'}\n` +
          `weights    ${parameters.toLocaleString('en')}\n` +
          `cost       about ${cost.operations.toLocaleString('en', { maximumSignificantDigits: 3 })} operations a character` +
          `${cost.steps > 1 ? `, ${cost.steps} steps: ${cost.reason}` : ''}\n\n` +
          table(described),
      );
    });
}

function table(layers: readonly LayerDescription[]): string {
  const width = Math.max(...layers.map(({ text }) => text.length));
  const row = (text: string, ...cells: string[]) =>
    `${text.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
  const number = (value: number) => value.toLocaleString('en');
  return (
    row('layer', 'in', 'out', 'weights') +
    layers
      .map(({ text, inputs, outputs, parameters }) =>
        row(text, number(inputs), number(outputs), number(parameters)),
      )
      .join('')
  );
}
