/** The WebGPU device and compiled programs that tests share. */
import type { Engine } from '../../../../src/generator/engines/engine.ts';
import { requestDawnAdapter } from '../../../../src/generator/engines/tensorflow/dawn.ts';
import { requestWebgpuDevice, type WebgpuDevice } from '../../../../src/generator/engines/webgpu/device.ts';
import { createWebgpuEngine } from '../../../../src/generator/engines/webgpu/engine.ts';
import { Programs } from '../../../../src/generator/engines/webgpu/programs.ts';
import type { Model } from '../../../../src/generator/model/model.ts';

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

let shared: Promise<TestDevice> | undefined;

/** An engine on a device that all tests of the process share. */
export async function createOnTestDevice(model: Model, capacity: number): Promise<Engine> {
  shared ??= openTestDevice();
  const { opened, programs } = await shared;
  return createWebgpuEngine(model, opened, programs, { capacity, name: 'integer' });
}
