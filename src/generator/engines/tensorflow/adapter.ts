/** Describes a WebGPU adapter. */

/** An adapter's name, as messages show it. */
export function adapterTitle({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed adapter';
}

/** Whether an adapter is a software renderer. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return (
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(`${info.architecture} ${info.description}`)
  );
}
