/** The WebGPU device and compiled programs that tests share. */
import { requestDawnAdapter } from '../../../../src/generator/engines/tensorflow/dawn.ts';
import { requestWebgpuDevice, type WebgpuDevice } from '../../../../src/generator/engines/webgpu/device.ts';
import { Programs } from '../../../../src/generator/engines/webgpu/programs.ts';

export interface TestDevice {
  readonly opened: WebgpuDevice;
  readonly programs: Programs;
}

/** @param features by default those of Dawn's WGSL */
export async function openTestDevice(features?: ReadonlySet<string>): Promise<TestDevice> {
  const adapter = await requestDawnAdapter();
  const opened = await requestWebgpuDevice(adapter);
  const programs = await Programs.compile(opened.device, features ?? navigator.gpu.wgslLanguageFeatures);
  return { opened, programs };
}
