/** `engine test cuda`: shows that the installed engine computes what the other engines compute. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { readConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import type { Engine } from '../../generator/engines/engine.ts';
import { createOnnxEngine } from '../../generator/engines/onnx.ts';
import { createCudaBackend } from '../../generator/engines/tensorflow/cuda.ts';
import {
  CUDA_ENGINE,
  type CudaDevice,
  enginesFolder,
  libraryFiles,
  NVIDIA_FOLDER,
  preloadLibraries,
  readReceipt,
} from '../../generator/engines/tensorflow/cuda-installation.ts';
import { createTensorflowEngine } from '../../generator/engines/tensorflow/engine.ts';
import { listModels, loadModel } from '../../generator/model/files.ts';
import type { Model } from '../../generator/model/model.ts';
import { Storyteller } from '../../generator/storyteller.ts';
import { printLine } from '../console.ts';

/** Rows, inner size and columns of the product: none is a multiple of a vector's width. */
const PRODUCT = [65, 513, 127] as const;
/** The largest error of the product in float32, and of logits as a share of the largest one. */
const PRODUCT_ERROR = 1e-4;
const LOGIT_ERROR = 1e-4;
const TEXT = 'It all began with a signal from the dark side of the moon.';
const STORY = { prompt: 'It all began with', context: '', temperature: 0.4, length: 400, seed: 7 } as const;
/** CUDA's libraries without which no product runs on a GPU, of the versions that TensorFlow opens. */
const CUDA_LIBRARIES = ['libcudart.so.12', 'libcublas.so.12', 'libcudnn.so.9'];

/**
 * Tests the installed engine: a product of matrices, the logits of a text and a story.
 *
 * @param onProcessor whether to run on the processor, and to load CUDA's libraries only
 * @throws StoryError `configuration` that says what is wrong
 */
export async function proveCuda(onProcessor: boolean): Promise<void> {
  const folder = join(enginesFolder(), CUDA_ENGINE);
  const receipt = readReceipt(folder);
  const device: CudaDevice = onProcessor || receipt?.device === 'cpu' ? 'cpu' : 'gpu';
  const backend = await createCudaBackend({ device }).catch((error: Error) => {
    throw wrong(`${error.message}.`, error);
  });
  if (onProcessor && receipt?.device === 'gpu') loadCudaLibraries(folder);
  await testProduct();
  const { modelsFolder, threads } = readConfig(process.env);
  const [choice] = await listModels(modelsFolder);
  const model = await loadModel(join(modelsFolder, choice!.name));
  const cuda = await createTensorflowEngine(model, backend, { capacity: 2 });
  const onnx = await createOnnxEngine(model, { capacity: 2, threads });
  await testLogits(model, cuda, onnx);
  await compareStories(model, cuda, onnx);
}

/** NVIDIA's libraries of the installation, or else of the system. */
function loadCudaLibraries(folder: string): void {
  preloadLibraries(libraryFiles(join(folder, NVIDIA_FOLDER)));
  const problems = CUDA_LIBRARIES.flatMap((name) => preloadLibraries([name]));
  if (problems.length > 0) throw wrong(`CUDA's libraries do not load: ${problems.join('; ')}.`);
  printLine(`CUDA: ${CUDA_LIBRARIES.join(', ')} load`);
}

/** A product on the device against one in float64. */
async function testProduct(): Promise<void> {
  const [rows, inner, columns] = PRODUCT;
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));
  const [left, right] = [numbers(rows * inner), numbers(inner * columns)];
  const product = tf.matMul(tf.tensor2d(left, [rows, inner]), tf.tensor2d(right, [inner, columns]));
  const found = await product.data();
  let error = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let expected = 0;
      for (let i = 0; i < inner; i++) expected += left[row * inner + i]! * right[i * columns + column]!;
      error = Math.max(error, Math.abs(expected - found[row * columns + column]!));
    }
  }
  // A NaN is no small error.
  if (!(error <= PRODUCT_ERROR)) throw wrong(`a product of matrices is wrong by ${error}.`);
  printLine(
    `Product of matrices: ${rows}x${inner} by ${inner}x${columns}, largest error ${error.toExponential(1)}`,
  );
}

async function testLogits(model: Model, cuda: Engine, onnx: Engine): Promise<void> {
  const { ids } = model.vocabulary.encode(TEXT);
  let error = 0;
  for (const engine of [cuda, onnx]) engine.clear(0);
  for (const id of [model.vocabulary.bosId, ...ids]) {
    const [found, expected] = [await cuda.logits([0], [id]), await onnx.logits([0], [id])];
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries()) {
      error = Math.max(error, Math.abs(value - found[i]!) / largest);
    }
  }
  if (!(error <= LOGIT_ERROR)) throw wrong(`logits differ from ONNX Runtime's by ${error} of the largest.`);
  printLine(
    `Logits: ${ids.length + 1} characters, largest difference from ONNX Runtime ${error.toExponential(1)}`,
  );
}

/** Stories may differ where two characters are nearly equally likely: this is reported, and is no failure. */
async function compareStories(model: Model, cuda: Engine, onnx: Engine): Promise<void> {
  const texts: string[] = [];
  for (const engine of [cuda, onnx]) {
    const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
    texts.push((await storyteller.tell({ ...STORY, model: '' })).text);
    await storyteller.close();
  }
  const [found, expected] = texts as [string, string];
  const digest = createHash('sha256').update(found).digest('hex').slice(0, 16);
  const isSame = found === expected;
  const position = [...expected].findIndex((_, i) => expected[i] !== found[i]);
  const verdict = isSame
    ? 'the same as from ONNX Runtime'
    : `other than ONNX Runtime's from character ${position < 0 ? expected.length : position} on, as rounding allows`;
  printLine(`Story of ${found.length} characters, seed ${STORY.seed}: ${digest}, ${verdict}`);
}

function wrong(sentence: string, cause?: unknown): StoryError {
  return new StoryError('configuration', `The CUDA engine cannot be used: ${sentence}`, { cause });
}
