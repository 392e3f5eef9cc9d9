/** What a WebGPU adapter is. */

/** What a person calls an adapter. */
export function adapterTitle({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed adapter';
}

/** Whether an adapter is a program that pretends to be a GPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return (
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(`${info.architecture} ${info.description}`)
  );
}
