/**
 * A lock that the kernel keeps with an open file and releases when the process ends for any reason. It works
 * between all processes of one host, across containers and pid namespaces.
 */

/** `unavailable` where the kernel, the file system or the platform offers no such lock. */
export type KernelLock = 'held' | 'refused' | 'unavailable';

/**
 * The part of `fs-native-extensions` that is used: `fcntl` on Linux, `flock` on macOS, `LockFileEx` on
 * Windows.
 */
interface FileLocks {
  tryLock(fd: number): boolean;
}

const HELD_BY_ANOTHER = ['EAGAIN', 'EACCES', 'EBUSY'];

/**
 * Takes the lock of a file without waiting. Closing the file releases it.
 *
 * @param fd a file that is open for writing
 */
export async function tryKernelLock(fd: number): Promise<KernelLock> {
  try {
    const locks = (await import('fs-native-extensions' as string)) as { default: FileLocks };
    return locks.default.tryLock(fd) ? 'held' : 'refused';
  } catch (error) {
    // No binary for this platform, such as Alpine's; or a network file system without a lock service.
    return HELD_BY_ANOTHER.includes((error as NodeJS.ErrnoException).code ?? '') ? 'refused' : 'unavailable';
  }
}
