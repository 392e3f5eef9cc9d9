/** The fake's remaining methods: reactions, people, views, and giving a token back. */
import { readable } from './conversations.ts';
import type { Args, Method } from './method.ts';
import { userOf, viewOf, type Wire } from './payloads.ts';
import { Refusal } from './refusal.ts';
import { checkBlocks } from './validation.ts';
import { type FakeView, newId } from './world.ts';

export const OTHERS: Readonly<Record<string, Method>> = {
  'reactions.add': {
    scopes: ['reactions:write'],
    handle: (args, team, { world }) => {
      const channel = readable(args, team);
      const ts = String(args.timestamp);
      const name = String(args.name);
      const message = channel.messages.get(ts);
      if (!message || message.deleted) throw new Refusal('message_not_found');
      if (!/^[a-z0-9_+'-]+$/.test(name)) throw new Refusal('invalid_name');
      const isThere = world.reactions.some(
        (one) => one.ts === ts && one.channel === channel.id && one.name === name,
      );
      if (isThere) throw new Refusal('already_reacted');
      world.reactions.push({ channel: channel.id, ts, name });
      return {};
    },
  },
  'users.info': {
    scopes: ['users:read'],
    handle: (args, team) => {
      const user = team.users.get(String(args.user));
      if (!user) throw new Refusal('user_not_found');
      return { user: userOf(user, team) };
    },
  },
  'views.publish': {
    scopes: [],
    handle: (args, team, { world }) => {
      const userId = String(args.user_id);
      if (!team.users.has(userId)) throw new Refusal('user_not_found');
      const view = viewIn(args, 'home');
      team.homes.set(userId, view);
      return { view: viewOf(view, team, world) };
    },
  },
  'views.open': {
    scopes: [],
    handle: (args, team, { world, triggers }) => {
      const view = viewIn(args, 'modal');
      triggers.exchange(args.trigger_id);
      return { view: viewOf(view, team, world) };
    },
  },
  'auth.revoke': {
    scopes: [],
    handle: (_, team, { world }) => {
      world.uninstall(team, 'token_revoked');
      return { revoked: true };
    },
  },
};

function viewIn({ view: input }: Args, type: 'home' | 'modal'): FakeView {
  let view: Wire;
  try {
    view = typeof input === 'string' ? JSON.parse(input) : (input as Wire);
  } catch {
    throw new Refusal('invalid_arguments');
  }
  if (view?.type !== type) throw new Refusal('invalid_arguments');
  if (type === 'modal' && !view.title) throw new Refusal('invalid_arguments');
  const blocks = checkBlocks(view.blocks, 'view');
  if (!blocks) throw new Refusal('invalid_arguments');
  return { id: newId('V'), at: Date.now(), blocks, type, callback_id: String(view.callback_id ?? '') };
}
