import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionsFor } from '../../src/page/actions.ts';
import type { Ask } from '../../src/page/reply.ts';
import { finished, reply } from './replies.ts';

const under = (ask: Partial<Ask>, text = 'It was.') => actionsFor([reply(finished(text), ask)]).join(' ');

test('a finished story is continued, varied and kept', () => {
  const all = 'continue another warmer cooler copy download link choose line edit delete';
  assert.equal(under({ preset: 'lively' }), all);
  assert.equal(under({ preset: 'classic', temperature: 0.4 }), all);
});

test('Warmer and Cooler are left out where there is nothing warmer or cooler', () => {
  assert.equal(
    under({ preset: 'wild' }),
    'continue another cooler copy download link choose line edit delete',
  );
  assert.equal(
    under({ preset: 'calm' }),
    'continue another warmer copy download link choose line edit delete',
  );
  assert.equal(
    under({ temperature: 2 }),
    'continue another cooler copy download link choose line edit delete',
  );
  assert.equal(
    under({ temperature: 0 }),
    'continue another warmer copy download link choose line edit delete',
  );
});

test('an empty story is not continued, and a stored one of version 0.1 is classic', () => {
  assert.equal(under({ prompt: '' }, ''), 'another warmer cooler link edit delete');
  const old = reply(finished('It was.'));
  const { preset: _, ...ask } = old.ask;
  assert.match(
    actionsFor([{ ...old, ask: { ...ask, temperature: 2 } }]).join(' '),
    /^continue another cooler /,
  );
});

test('an unfinished story can only be stopped and deleted, and its last part taken back', () => {
  const growing = reply({ status: 'writing', text: 'It' });
  assert.deepEqual(actionsFor([growing]), ['stop', 'delete']);
  assert.deepEqual(actionsFor([reply(finished('It was.')), growing]), ['stop', 'undo', 'delete']);
});

test('a story whose next step is open can end there, be kept, or go another way', () => {
  const told = { ...reply(finished('It was.'), { brief: true }), fork: 'id' };
  const open = { ...reply(finished(''), { brief: true, prompt: '' }), way: 'open' as const };
  assert.deepEqual(actionsFor([told, open], true).join(' '), 'end copy download share line edit undo delete');
  assert.deepEqual(actionsFor([open]), ['edit', 'delete']);
  const writing = { ...open, state: { status: 'writing' as const, text: '' } };
  assert.deepEqual(actionsFor([told, writing]), ['stop', 'undo', 'delete']);
  assert.deepEqual(actionsFor([writing]), ['stop', 'delete']);
  assert.equal(actionsFor([told]).join(' '), 'continue copy download choose line edit undo delete');
});
