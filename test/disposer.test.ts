import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { Disposer } from '../src/disposer.ts';

function logged(): { log: string[]; disposer: Disposer } {
  const log: string[] = [];
  return { log, disposer: new Disposer(pino({}, { write: (line: string) => void log.push(line) })) };
}

describe('Disposer', () => {
  it('closes in reverse order, one after the other', async () => {
    const { disposer } = logged();
    const closed: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      disposer.add(async () => {
        await null;
        closed.push(name);
      });
    }
    await disposer.close();
    assert.deepEqual(closed, ['third', 'second', 'first']);
  });

  for (const [how, fail] of [
    ['rejects', () => Promise.reject(new Error('stuck'))],
    [
      'throws',
      () => {
        throw new Error('stuck');
      },
    ],
  ] as const) {
    it(`continues after one ${how}, and reports it`, async () => {
      const { disposer, log } = logged();
      const closed: string[] = [];
      disposer.add(() => closed.push('first'));
      disposer.add(fail);
      disposer.add(() => closed.push('third'));
      await disposer.close();
      assert.deepEqual(closed, ['third', 'first']);
      assert.match(log.join(''), /stuck/);
    });
  }

  it('closes once for repeated calls', async () => {
    const { disposer } = logged();
    let times = 0;
    disposer.add(() => times++);
    await Promise.all([disposer.close(), disposer.close()]);
    await disposer.close();
    assert.equal(times, 1);
  });

  it('closes at once what is added after it was closed', async () => {
    const { disposer } = logged();
    await disposer.close();
    const closed = new Promise<void>((resolve) => disposer.add(resolve));
    await closed;
  });
});
