import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { vulkanDrivers } from '../../../src/generator/engines/tensorflow/dawn.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

test('Vulkan drivers are searched for where the loader searches', async (t) => {
  const { folder, remove } = await temporaryFolder();
  t.after(remove);
  const nowhere = { XDG_CONFIG_HOME: folder, XDG_CONFIG_DIRS: folder, XDG_DATA_HOME: folder };
  const data = join(folder, 'data');
  await mkdir(join(data, 'vulkan/icd.d'), { recursive: true });
  const driver = join(data, 'vulkan/icd.d/nvidia_icd.json');
  await writeFile(driver, '{}');
  await writeFile(join(data, 'vulkan/icd.d/README'), '');
  const found = (environment: NodeJS.ProcessEnv) =>
    vulkanDrivers(environment).filter((file) => !file.startsWith('/etc/'));

  assert.deepEqual(found({ ...nowhere, XDG_DATA_DIRS: folder }), []);
  assert.deepEqual(found({ ...nowhere, XDG_DATA_DIRS: `${folder}:${data}` }), [driver]);
  assert.deepEqual(found({ ...nowhere, XDG_DATA_DIRS: data, VK_ADD_DRIVER_FILES: '/a.json' }), [
    '/a.json',
    driver,
  ]);
  assert.deepEqual(vulkanDrivers({ VK_ICD_FILENAMES: '/b.json:/c.json' }), ['/b.json', '/c.json']);
  assert.deepEqual(vulkanDrivers({ VK_DRIVER_FILES: '/d.json', VK_ICD_FILENAMES: '/b.json' }), ['/d.json']);
});
