/**
 * The order of the layers of a Functional model, which must be one chain. Each layer reads only the one before
 * it; the only exception is an `Add` of a recurrent layer's output and the input of that layer.
 */
import { RECURRENT_CLASSES, SILENT_CLASSES } from './layer-plans.ts';
import { isRecord, unusable } from './model.ts';

type JsonLayer = Readonly<Record<string, unknown>>;

export interface Chain {
  /** From the first to the last. */
  readonly layers: readonly JsonLayer[];
  /** Names of the recurrent layers whose inputs are added to their outputs. */
  readonly residual: ReadonlySet<string>;
  /** Names of the layers that add them. */
  readonly sums: ReadonlySet<string>;
}

/** Names under which Keras 2 writes a sum that is an operator, not a layer. */
const SUM_FUNCTIONS: readonly unknown[] = ['__operators__.add', 'math.add'];

/**
 * Sorts the layers of a Functional model.
 *
 * @param file the file's name in error messages
 * @throws StoryError `model_unavailable` when the layers are not one chain
 */
export function chainOf(layers: readonly JsonLayer[], file: string): Chain {
  const byName = new Map(layers.map((layer) => [String(layer.name), layer]));
  const residual = new Set<string>();
  const sums = new Set<string>();
  const followers = new Map<string | undefined, JsonLayer>();
  for (const layer of layers) {
    let before = inputsOf(layer);
    if (isSum(layer)) {
      const branch = residualBranch(before, byName);
      if (!branch) {
        const problem = `its layer ${layer.name} adds something else than a recurrent layer's output and its input`;
        throw unusable(file, problem);
      }
      residual.add(branch.recurrent);
      sums.add(String(layer.name));
      before = [branch.output];
    }
    if (before.length > 1 || followers.has(before[0])) {
      throw unusable(file, 'its model is not a chain of layers, each of which reads only the one before it');
    }
    followers.set(before[0], layer);
  }
  const chain: JsonLayer[] = [];
  // Each layer is taken only once, so the loop ends even for a cycle.
  for (let next = take(followers, undefined); next; next = take(followers, String(next.name)))
    chain.push(next);
  if (followers.size > 0) throw unusable(file, 'its model is not one chain of layers');
  return { layers: chain, residual, sums };
}

function isSum({ class_name: className, config }: JsonLayer): boolean {
  if (className === 'Add') return true;
  return className === 'TFOpLambda' && isRecord(config) && SUM_FUNCTIONS.includes(config.function);
}

/**
 * @param inputs names of the layers that a sum reads
 * @returns the recurrent layer among them, and the summand that is its output; undefined where the other
 *   summand is not its input
 */
function residualBranch(
  inputs: readonly string[],
  byName: ReadonlyMap<string, JsonLayer>,
): { readonly recurrent: string; readonly output: string } | undefined {
  const [one, other] = inputs;
  if (one === undefined || other === undefined || inputs.length > 2) return undefined;
  for (const [output, input] of [
    [one, other],
    [other, one],
  ] as const) {
    const recurrent = sourceOf(output, byName);
    const layer = byName.get(recurrent);
    const given = layer && RECURRENT_CLASSES.includes(String(layer.class_name)) ? inputsOf(layer) : [];
    if (given.length === 1 && sourceOf(given[0]!, byName) === sourceOf(input, byName)) {
      return { recurrent, output };
    }
  }
  return undefined;
}

/** The layer whose values a layer has: the one before it, as long as layers have no effect. */
function sourceOf(name: string, byName: ReadonlyMap<string, JsonLayer>): string {
  const passed = new Set<string>();
  for (let source = name; ; ) {
    const layer = byName.get(source);
    const inputs = layer ? inputsOf(layer) : [];
    const isSilent = layer !== undefined && SILENT_CLASSES.includes(String(layer.class_name));
    if (!isSilent || inputs.length !== 1 || passed.has(source)) return source;
    passed.add(source);
    source = inputs[0]!;
  }
}

function inputsOf(layer: JsonLayer): string[] {
  return [...new Set(namesIn(layer.inbound_nodes))];
}

/**
 * The layers that the `inbound_nodes` of another name: `[name, 0, 0, {}]` in Keras 2, a history in Keras 3.
 */
function namesIn(nodes: unknown): string[] {
  if (isRecord(nodes)) {
    return Object.entries(nodes).flatMap(([key, value]) =>
      key === 'keras_history' && Array.isArray(value) ? [String(value[0])] : namesIn(value),
    );
  }
  if (!Array.isArray(nodes)) return [];
  const isReference =
    typeof nodes[0] === 'string' && Number.isInteger(nodes[1]) && Number.isInteger(nodes[2]);
  return isReference ? [nodes[0] as string, ...namesIn(nodes.slice(3))] : nodes.flatMap(namesIn);
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
