/** A WebGPU device, in a browser or over Dawn in Node. No `node:` imports. */

export interface WebgpuDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Resolves with a reason when the device is lost, or a command failed and its results are zeros. */
  readonly lost: Promise<string>;
}

/** Requests a device with the adapter's own limits instead of the least that every adapter has. */
export async function requestWebgpuDevice(adapter: GPUAdapter): Promise<WebgpuDevice> {
  const { limits } = adapter;
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
  const lost = device.lost.then(({ message, reason }) => message || reason || 'no reason given');
  // Failed allocations and commands are only reported; the computation continues with zeros.
  const failed = new Promise<string>((resolve) => {
    device.addEventListener('uncapturederror', ({ error }) => resolve(error.message.split('\n')[0]!));
  });
  return { device, info: adapter.info, lost: Promise.race([lost, failed]) };
}
