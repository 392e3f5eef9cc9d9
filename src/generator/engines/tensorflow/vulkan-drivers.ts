import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The Vulkan driver manifests that the loader would find, in the folders and through the variables that its
 * documentation names ("Loader and Driver Interface", Linux driver discovery).
 */
export function vulkanDrivers(environment: NodeJS.ProcessEnv = process.env): string[] {
  const paths = (value: string | undefined) => (value ?? '').split(':').filter(Boolean);
  const named = paths(environment.VK_DRIVER_FILES || environment.VK_ICD_FILENAMES);
  if (named.length > 0) return named;
  const folders = [
    environment.XDG_CONFIG_HOME || join(homedir(), '.config'),
    ...paths(environment.XDG_CONFIG_DIRS || '/etc/xdg'),
    '/etc',
    environment.XDG_DATA_HOME || join(homedir(), '.local/share'),
    ...paths(environment.XDG_DATA_DIRS || '/usr/local/share:/usr/share'),
  ];
  return [
    ...paths(environment.VK_ADD_DRIVER_FILES),
    ...folders.flatMap((folder) => descriptionsIn(join(folder, 'vulkan/icd.d'))),
  ];
}

function descriptionsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
