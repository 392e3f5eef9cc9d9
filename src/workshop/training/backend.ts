/** The TensorFlow.js backend of a run: the first that works of CUDA, WebGPU on a GPU, and WASM. */
import { StoryError } from '../../errors.ts';
import { AUTOMATIC_ENGINES, type EngineName } from '../../generator/engines/choose.ts';
import type { BackendOpener, TensorflowBackend } from '../../generator/engines/tensorflow/backend.ts';
import { BACKEND_OPENERS } from '../../generator/engines/tensorflow/open.ts';

/**
 * Opens a backend and makes it the current one.
 *
 * @param wanted `onnx` and `integer`, which cannot learn, count as `auto`
 * @returns the backend and a line that says what was chosen and why
 * @throws StoryError `configuration` when the requested one cannot run here
 */
export async function openTrainingBackend(
  wanted: EngineName | 'auto',
): Promise<{ readonly backend: TensorflowBackend; readonly line: string }> {
  const isFree = ['auto', 'onnx', 'integer'].includes(wanted);
  const reasons: string[] = [];
  for (const [name, open] of Object.entries(BACKEND_OPENERS) as [EngineName, BackendOpener][]) {
    if (isFree ? !AUTOMATIC_ENGINES.includes(name) : name !== wanted) continue;
    try {
      const { backend } = await open({ acceptSoftware: !isFree });
      return { backend, line: [`learning on ${backend.engineName}`, ...reasons].join('; ') };
    } catch (error) {
      const reason = `not ${name}: ${(error as Error).message}`;
      if (!isFree)
        throw new StoryError('configuration', `SCIFI_ENGINE=${name} cannot learn here, ${reason}.`);
      reasons.push(reason);
    }
  }
  throw new StoryError('configuration', `Nothing can learn here: ${reasons.join('; ')}.`);
}
