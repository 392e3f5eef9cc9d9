/** The layers of the measured models, by name: an embedding, LSTMs with Keras's defaults, a dense layer. */
import type { DenseLayer, EmbeddingLayer, Layer, LstmLayer } from '../../src/generator/model/layers.ts';
import type { Model } from '../../src/generator/model/model.ts';

export interface PlainLstm {
  readonly embedding: EmbeddingLayer;
  /** At least one. */
  readonly lstms: readonly LstmLayer[];
  readonly dense: DenseLayer;
}

/** @throws TypeError for a model with other layers or other activations */
export function plainLstmOf({ layers }: Model): PlainLstm {
  const [embedding, dense] = [layers[0], layers.at(-1)];
  const lstms = layers.slice(1, -1).filter(isPlain);
  if (
    embedding?.kind === 'embedding' &&
    dense?.kind === 'dense' &&
    dense.activation === 'linear' &&
    lstms.length > 0 &&
    lstms.length === layers.length - 2
  ) {
    return { embedding, lstms, dense };
  }
  throw new TypeError(`Expected a plain LSTM, got ${layers.map(({ kind }) => kind).join(', ')}.`);
}

function isPlain(layer: Layer): layer is LstmLayer {
  return layer.kind === 'lstm' && layer.activation === 'tanh' && layer.recurrentActivation === 'sigmoid';
}
