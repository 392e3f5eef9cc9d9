import type { Command } from 'commander';
import { refusalOf } from '../../generator/engines/integer/plan.ts';
import {
  costOf,
  describeLayers,
  type LayerDescription,
  readingText,
} from '../../generator/model/describe.ts';
import { readModel } from '../../generator/model/formats/read-model.ts';
import type { Layer } from '../../generator/model/layers.ts';
import { printLine } from '../console.ts';
import { findModel } from '../options.ts';

/** `model inspect`: a model's layers and cost. */
export function addModelInspect(model: Command): void {
  model
    .command('inspect')
    .description("show a model's layers, weights, reading and cost")
    .argument('<model>', 'a folder, a file in any format that can be imported, or the name of a model')
    .action(async (named: string) => {
      const { source, layers, reading } = await readModel(findModel(named));
      const described = describeLayers(layers);
      const parameters = described.reduce((sum, layer) => sum + layer.parameters, 0);
      const cost = costOf(layers, reading ?? { kind: 'stateful' });
      const operations = cost.operations.toLocaleString('en', { maximumSignificantDigits: 3 });
      const steps = cost.steps > 1 ? `, ${cost.steps} steps: ${cost.reason}` : '';
      const lines = [
        `format     ${source}`,
        `reading    ${reading ? readingText(reading) : 'unknown; stateful unless it is imported with --window'}`,
        `weights    ${parameters.toLocaleString('en')}`,
        `processor  ${processorEngine(layers)}`,
        `cost       about ${operations} operations a character${steps}`,
        '',
        ...table(described),
      ];
      for (const line of lines) printLine(line);
    });
}

/** The engine that runs a model where there is no GPU, and the reason where it is not `integer`. */
function processorEngine(layers: readonly Layer[]): string {
  const refusal = refusalOf(layers);
  return refusal === undefined
    ? 'on integer, with weights of 8 bits'
    : `on onnx, in float32; not on integer, because ${refusal}`;
}

function table(layers: readonly LayerDescription[]): string[] {
  const width = Math.max(...layers.map(({ text }) => text.length));
  const row = (text: string, ...cells: string[]) =>
    `${text.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`;
  const number = (value: number) => value.toLocaleString('en');
  return [
    row('layer', 'in', 'out', 'weights'),
    ...layers.map(({ text, inputs, outputs, parameters }) =>
      row(text, number(inputs), number(outputs), number(parameters)),
    ),
  ];
}
