/**
 * The predecessor's method, on TensorFlow.js as it ran it: its own network (Embedding(95, 500), three LSTM(500)
 * with ReLU and hard sigmoid, batch normalization, Dense(95)), which reads the window of the last 50
 * characters again for every character, one story per call. Weights are random; the cost is the same.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { uniformAt } from '../../src/generator/sampler.ts';

const CHARACTERS = 95;
const UNITS = 500;
const WINDOW = 50;

/** A function that writes one character of one story. The backend must be the current one. */
export function predecessorMethod(): () => Promise<void> {
  const network = sequential();
  network.add(layers.embedding({ inputDim: CHARACTERS, outputDim: UNITS, inputLength: WINDOW }));
  for (let layer = 0; layer < 3; layer++) {
    network.add(
      layers.lstm({
        units: UNITS,
        activation: 'relu',
        recurrentActivation: 'hardSigmoid',
        returnSequences: true,
        // The default, an orthogonal matrix, takes minutes to compute and does not change the speed.
        recurrentInitializer: 'glorotNormal',
      }),
    );
  }
  network.add(layers.batchNormalization());
  network.add(layers.dropout({ rate: 0.2 }));
  network.add(layers.timeDistributed({ layer: layers.dense({ units: CHARACTERS }) }));
  network.add(layers.activation({ activation: 'softmax' }));
  const text = Array.from({ length: WINDOW }, (_, i) => i % CHARACTERS);
  let position = 0;
  return async () => {
    const probabilities = tf.tidy(() => {
      const window = tf.tensor2d(text.slice(-WINDOW), [1, WINDOW]);
      const output = network.predict(window) as tf.Tensor3D;
      return tf.reshape(tf.slice(output, [0, WINDOW - 1, 0], [1, 1, CHARACTERS]), [CHARACTERS]);
    });
    const values = await probabilities.data();
    probabilities.dispose();
    let left = uniformAt(1, position++, 0);
    let id = 0;
    while (id < CHARACTERS - 1 && left >= values[id]!) left -= values[id++]!;
    text.push(id);
  };
}
