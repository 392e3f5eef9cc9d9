/** TensorFlow.js on CUDA, through the binding that `scifi engine install cuda` installs. */
import { join } from 'node:path';
import { ownCommand } from '../../../terminal.ts';
import type { TensorflowBackend } from './backend.ts';
import {
  BINDING_PACKAGE,
  CUDA_ENGINE,
  type CudaDevice,
  DRIVER_LIBRARY,
  enginesFolder,
  loadBinding,
  readReceipt,
} from './cuda-installation.ts';
import { dlopenProblem } from './dawn.ts';

const STEPS_PER_DECODE = 16;
/** Rows that a kernel of a product computes together; a multiple of those of all kernels. */
const ROW_BLOCK = 16;
/** The binding's registered name, on any device. */
const TF_NAME = 'tensorflow';

/** The part of the binding that names its device. */
interface NodeBinding {
  readonly isUsingGpuDevice?: boolean;
}

export interface CudaBackendOptions {
  /** `cpu` runs the same binding on the processor, which needs no GPU. */
  readonly device?: CudaDevice;
  /** The installation's folder. */
  readonly folder?: string;
  /** Loads the binding of the folder, for the device. */
  readonly load?: (folder: string, device: CudaDevice) => unknown;
}

/**
 * Loads the binding.
 *
 * @throws Error that names what is missing
 */
export async function createCudaBackend({
  device = 'gpu',
  folder = join(enginesFolder(), CUDA_ENGINE),
  load = loadInstalled,
}: CudaBackendOptions = {}): Promise<TensorflowBackend> {
  await load(folder, device);
  // Not before: most machines have no binding, and TensorFlow.js takes a tenth of a worker's start.
  const tf = await import('@tensorflow/tfjs-core');
  const { composedKernels } = await import('./kernels.ts');
  if (!(await tf.setBackend(TF_NAME))) throw new Error('the binding did not start');
  const { isUsingGpuDevice } = tf.backend() as unknown as NodeBinding;
  if (device === 'gpu' && !isUsingGpuDevice) throw new Error(whyNoDevice());
  if (device === 'cpu' && isUsingGpuDevice) throw new Error('this process uses the binding on a GPU already');
  return {
    tfName: TF_NAME,
    engineName: device === 'gpu' ? 'tensorflow-cuda' : 'tensorflow-cuda-cpu',
    stepsPerDecode: STEPS_PER_DECODE,
    // cuBLAS selects its kernel by shape: a constant shape keeps a row's bits independent of the number of
    // rows. Eigen, on the processor, adds the rows of an incomplete block in another order.
    paddedRows: (_batch, capacity) => Math.ceil(capacity / ROW_BLOCK) * ROW_BLOCK,
    kernels: composedKernels,
    lost: new Promise(() => {}),
    // Reading from the device waits for it and yields to the event loop.
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    close: async () => {},
  };
}

async function loadInstalled(folder: string, device: CudaDevice): Promise<void> {
  const receipt = readReceipt(folder);
  if (!receipt) {
    const install = installCommand(device);
    throw new Error(`it is not installed in ${folder} (\`${install}\` installs it)`);
  }
  if (device === 'gpu' && receipt.device === 'cpu') {
    const install = installCommand('gpu');
    throw new Error(`it is installed without CUDA, by the option --cpu (\`${install}\` replaces it)`);
  }
  const tf = await import('@tensorflow/tfjs-core');
  // The binding's packages have a copy of TensorFlow.js's core, which shares the state of this program's. In
  // this mode the copy does not print a warning that the platform was set twice.
  tf.enableProdMode();
  try {
    loadBinding(folder, device);
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new Error(
      `${BINDING_PACKAGE} in ${folder} cannot be loaded on Node ${process.versions.node}: ${reason} ` +
        `(\`${installCommand(receipt.device)}\` installs it again)`,
      { cause: error },
    );
  }
}

/** The command that installs the engine. */
export function installCommand(device: CudaDevice): string {
  return ownCommand(['engine', 'install', CUDA_ENGINE, ...(device === 'cpu' ? ['--cpu'] : [])]);
}

function whyNoDevice(): string {
  const problem = dlopenProblem(DRIVER_LIBRARY);
  return problem
    ? `there is no NVIDIA driver (${problem})`
    : 'TensorFlow found no CUDA device, although there is an NVIDIA driver; `nvidia-smi` shows what it sees';
}
