/** The backends of TensorFlow.js that run on this machine, for tests. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { adapterTitle, type TensorflowBackend } from '../../../src/generator/engines/tensorflow/backend.ts';
import { createCudaBackend, installCommand } from '../../../src/generator/engines/tensorflow/cuda.ts';
import {
  CUDA_ENGINE,
  enginesFolder,
  readReceipt,
} from '../../../src/generator/engines/tensorflow/cuda-installation.ts';
import {
  dlopenProblem,
  requestDawnAdapter,
  vulkanDrivers,
} from '../../../src/generator/engines/tensorflow/dawn.ts';
import { createWasmBackend } from '../../../src/generator/engines/tensorflow/wasm.ts';
import { requestWebgpuDevice } from '../../../src/generator/engines/webgpu/device.ts';

/** The folder of the software Vulkan driver in Debian's chromium. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * The reason why WebGPU cannot be tested here, or false when it can: on a GPU's driver, or on SwiftShader.
 */
export function skipWithoutWebgpu(): string | false {
  if (process.platform !== 'linux') return false;
  if (dlopenProblem('libvulkan.so.1'))
    return 'there is no Vulkan loader (Debian: apt-get install libvulkan1)';
  if (vulkanDrivers().length > 0) return false;
  if (!existsSync(SWIFTSHADER)) return 'there is no software Vulkan (Debian: apt-get install chromium)';
  process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  return false;
}

/** The reason why CUDA's binding cannot be tested here, or false when it is installed. */
function skipWithoutCudaBinding(): string | false {
  const folder = join(enginesFolder(), CUDA_ENGINE);
  if (readReceipt(folder)) return false;
  return `CUDA's binding is not installed in ${folder} (\`${installCommand('cpu')}\` installs it)`;
}

export interface TestBackend {
  readonly name: string;
  readonly skip: string | false;
  open(): Promise<TensorflowBackend>;
}

export const TEST_BACKENDS: readonly TestBackend[] = [
  { name: 'wasm', skip: false, open: () => createWasmBackend() },
  {
    name: 'webgpu',
    skip: skipWithoutWebgpu(),
    async open() {
      const { createWebgpuBackend } = await import('../../../src/generator/engines/tensorflow/webgpu.ts');
      const adapter = await requestDawnAdapter();
      process.stderr.write(`WebGPU on ${adapterTitle(adapter.info)}\n`);
      return createWebgpuBackend(await requestWebgpuDevice(adapter));
    },
  },
  {
    name: 'cuda-cpu',
    skip: skipWithoutCudaBinding(),
    open: () => createCudaBackend({ device: 'cpu' }),
  },
];
