/** The plainest of models, which is what our own trainer makes: Embedding, LSTMs of Keras's defaults, Dense. */
import { StoryError } from '../../errors.ts';
import type { DenseLayer, EmbeddingLayer, Layer, LstmLayer } from './layers.ts';
import type { Model } from './model.ts';

export interface PlainLstm {
  readonly embedding: EmbeddingLayer;
  /** At least one. */
  readonly lstms: readonly LstmLayer[];
  readonly dense: DenseLayer;
}

/**
 * The layers of a model by name.
 *
 * @throws StoryError `model_unavailable` for a model of other layers, or of other activations
 */
export function plainLstmOf({ name, layers }: Pick<Model, 'name' | 'layers'>): PlainLstm {
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
  const kinds = layers.map(({ kind }) => kind).join(', ');
  throw new StoryError(
    'model_unavailable',
    `The model ${name} is made of ${kinds}. Choose one of an embedding, LSTMs with tanh and sigmoid, and a dense layer: only these can be used here.`,
  );
}

function isPlain(layer: Layer): layer is LstmLayer {
  return layer.kind === 'lstm' && layer.activation === 'tanh' && layer.recurrentActivation === 'sigmoid';
}
