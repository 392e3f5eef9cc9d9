/** A model read from another program's file, before its ids are mapped to characters. */
import { buildLayers, type WeightSource } from '../build-layers.ts';
import type { LayerConfig } from '../layer-plans.ts';
import type { Layer } from '../layers.ts';
import type { Reading } from '../model.ts';
import { readTopology } from '../topology.ts';

export interface ForeignModel {
  /** The file's name in error messages. */
  readonly file: string;
  /** The file's format as text: `HDF5 of Keras 2.1.5`. */
  readonly source: string;
  readonly layers: readonly Layer[];
  /** All layers as in the file; null for a format without layers. */
  readonly configs: readonly LayerConfig[] | null;
  /** How the model was trained to read; null where the file does not say. */
  readonly reading: Reading | null;
  /** Whether the id 0 is masked. */
  readonly masksZero: boolean;
  /** The dictionaries beside the model or in it; undefined where there are none. */
  readonly vocabulary?: unknown;
}

/** The content of a file, from which `foreignModel` builds a model. */
export interface ForeignFile {
  readonly file: string;
  readonly source: string;
  /** Parsed JSON in which Keras describes layers. */
  readonly topology: unknown;
  readonly kerasVersion?: string;
  /** The weights, given the file's layers. */
  readonly weights: (configs: readonly LayerConfig[]) => WeightSource;
}

/** @throws StoryError `model_unavailable` that names the layer or the weight that cannot be used */
export function foreignModel({ file, source, topology, kerasVersion, weights }: ForeignFile): ForeignModel {
  const context = kerasVersion === undefined ? { file } : { file, kerasVersion };
  const { plans, configs, window, isStateful } = readTopology(topology, context);
  const [first] = plans;
  let reading: Reading | null = null;
  if (isStateful) reading = { kind: 'stateful' };
  else if (window !== null) reading = { kind: 'window', characters: window };
  return {
    file,
    source,
    layers: buildLayers(plans, weights(configs), file),
    configs,
    reading,
    masksZero: first?.kind === 'embedding' && first.masksZero,
  };
}
