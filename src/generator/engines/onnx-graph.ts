/**
 * ONNX graphs, built in memory: the part of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that describes one step of a network. The numbers
 * below are that file's field numbers.
 */
import { PbfWriter } from 'pbf';

/**
 * Version of the file format and of the operator set: both have been supported by every runtime for years.
 */
const IR_VERSION = 8;
const OPSET_VERSION = 17;

export const DATA_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
type DataType = keyof typeof DATA_TYPES;

const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, graph: 5, ints: 7, strings: 8 } as const;

/** Integers become `int` attributes, lists of them `ints`; a graph is the body of a loop. */
export type Attributes = Readonly<
  Record<string, number | string | readonly number[] | readonly string[] | OnnxGraph>
>;

/** A size, or the name of a size that each call may choose. */
export type Dimension = number | string;

interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

interface Value {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly Dimension[];
}

interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** Collects a graph's parts; every method returns the name of the value that it made. */
export class OnnxGraph {
  readonly #prefix: string;
  readonly #scalars = new Map<number, string>();
  /** Values that are outputs, and their names as outputs. */
  readonly #renamed = new Map<string, string>();
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];

  /**
   * @param prefix of all names in the graph: names in a loop's body must differ from those of the graph
   *   around it
   */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  input(name: string, type: DataType, shape: readonly Dimension[]): string {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  constant(name: string, shape: readonly number[], values: Float32Array | BigInt64Array): string {
    this.#initializers.push({ name, shape, values });
    return name;
  }

  /** A float32 number; equal numbers are stored once. */
  scalar(value: number): string {
    const name = this.#scalars.get(value) ?? this.weights([], Float32Array.of(value));
    this.#scalars.set(value, name);
    return name;
  }

  /** A constant under a generated name. */
  weights(shape: readonly number[], values: Float32Array | BigInt64Array): string {
    return this.constant(`${this.#prefix}constant_${this.#initializers.length}`, shape, values);
  }

  /** A list of integers, as operators take sizes and axes. */
  integers(...values: readonly number[]): string {
    return this.weights([values.length], BigInt64Array.from(values, BigInt));
  }

  /** A single integer, as operators take an index. */
  index(value: number): string {
    return this.weights([], BigInt64Array.of(BigInt(value)));
  }

  /** Adds a node with one output. */
  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(operator, inputs, 1, attributes)[0]!;
  }

  /** Adds a node with several outputs. */
  nodes(
    operator: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: Attributes = {},
  ): string[] {
    const stem = `${this.#prefix}${operator}_${this.#nodes.length}`;
    const outputs = Array.from({ length: outputCount }, (_, i) => `${stem}_${i}`);
    this.#nodes.push({ operator, inputs, outputs, attributes });
    return outputs;
  }

  /** Makes a value an output of the graph under a name. */
  output(name: string, value: string, type: DataType, shape: readonly Dimension[]): void {
    const isTaken = this.#renamed.has(value) || this.#inputs.some((input) => input.name === value);
    this.#renamed.set(isTaken ? this.node('Identity', [value]) : value, name);
    this.#outputs.push({ name, type, shape });
  }

  /** The serialized ModelProto. */
  toBytes(): Uint8Array {
    const writer = new PbfWriter();
    writer.writeVarintField(1, IR_VERSION);
    writer.writeStringField(2, 'write-me-a-sci-fi');
    writer.writeMessage(7, writeGraph, this);
    writer.writeMessage(8, (version: number, into) => into.writeVarintField(2, version), OPSET_VERSION);
    return writer.finish();
  }

  /** Writes the GraphProto. */
  write(writer: PbfWriter): void {
    const rename = (name: string) => this.#renamed.get(name) ?? name;
    for (const { operator, inputs, outputs, attributes } of this.#nodes) {
      const node = { operator, inputs: inputs.map(rename), outputs: outputs.map(rename), attributes };
      writer.writeMessage(1, writeNode, node);
    }
    writer.writeStringField(2, 'step');
    for (const initializer of this.#initializers) writer.writeMessage(5, writeTensor, initializer);
    for (const value of this.#inputs) writer.writeMessage(11, writeValue, value);
    for (const value of this.#outputs) writer.writeMessage(12, writeValue, value);
  }
}

function writeGraph(graph: OnnxGraph, writer: PbfWriter): void {
  graph.write(writer);
}

function writeNode({ operator, inputs, outputs, attributes }: Node, writer: PbfWriter): void {
  for (const input of inputs) writer.writeStringField(1, input);
  for (const output of outputs) writer.writeStringField(2, output);
  writer.writeStringField(3, outputs.join());
  writer.writeStringField(4, operator);
  for (const attribute of Object.entries(attributes)) writer.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, Attributes[string]], writer: PbfWriter): void {
  writer.writeStringField(1, name);
  let type: keyof typeof ATTRIBUTE_TYPES;
  if (typeof value === 'string') {
    type = 'string';
    writer.writeStringField(4, value);
  } else if (typeof value === 'number') {
    type = Number.isInteger(value) ? 'int' : 'float';
    if (type === 'int') writer.writeVarintField(3, value);
    else writer.writeFloatField(2, value);
  } else if (value instanceof OnnxGraph) {
    type = 'graph';
    writer.writeMessage(6, writeGraph, value);
  } else {
    type = typeof value[0] === 'string' ? 'strings' : 'ints';
    for (const item of value) {
      if (typeof item === 'string') writer.writeStringField(9, item);
      else writer.writeVarintField(8, item);
    }
  }
  writer.writeVarintField(20, ATTRIBUTE_TYPES[type]);
}

function writeTensor({ name, shape, values }: Initializer, writer: PbfWriter): void {
  for (const size of shape) writer.writeVarintField(1, size);
  writer.writeVarintField(2, values instanceof Float32Array ? DATA_TYPES.float32 : DATA_TYPES.int64);
  writer.writeStringField(8, name);
  writer.writeBytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function writeValue({ name, type, shape }: Value, writer: PbfWriter): void {
  writer.writeStringField(1, name);
  writer.writeMessage(2, writeType, { type, shape });
}

function writeType({ type, shape }: Omit<Value, 'name'>, writer: PbfWriter): void {
  writer.writeMessage(1, writeTensorType, { type, shape });
}

function writeTensorType({ type, shape }: Omit<Value, 'name'>, writer: PbfWriter): void {
  writer.writeVarintField(1, DATA_TYPES[type]);
  writer.writeMessage(2, writeShape, shape);
}

function writeShape(shape: readonly Dimension[], writer: PbfWriter): void {
  for (const size of shape) writer.writeMessage(1, writeDimension, size);
}

function writeDimension(size: Dimension, writer: PbfWriter): void {
  if (typeof size === 'number') writer.writeVarintField(1, size);
  else writer.writeStringField(2, size);
}
