/** The fake's Web API: whose token it is, whether it may, and which method answers. */
import { CHAT } from './chat.ts';
import { CONVERSATIONS } from './conversations.ts';
import { type ApiTools, type Args, type Method, need } from './method.ts';
import { OTHERS } from './others.ts';
import type { Wire } from './payloads.ts';
import { Refusal } from './refusal.ts';
import type { FakeTeam } from './world.ts';

/** A method without a workspace. */
type FreeMethod = (args: Args, tools: ApiTools) => Wire;

const METHODS: Readonly<Record<string, Method>> = {
  ...CHAT,
  ...CONVERSATIONS,
  ...OTHERS,
  'auth.test': {
    scopes: [],
    handle: (_, team) => ({
      url: `https://${team.domain}.slack.com/`,
      team: team.name,
      user: team.bot.name,
      team_id: team.id,
      user_id: team.bot.id,
      bot_id: team.botId,
      is_enterprise_install: false,
    }),
  },
};

const FREE_METHODS: Readonly<Record<string, FreeMethod>> = { 'oauth.v2.access': access };

export interface ApiAnswer {
  readonly body: Wire;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whose token it is; throws as Slack refuses. */
export function authenticate(
  method: string,
  token: string | undefined,
  { world }: ApiTools,
): FakeTeam | undefined {
  if (method in FREE_METHODS) return undefined;
  if (!token) throw new Refusal('not_authed');
  if (method === 'apps.connections.open') {
    if (token === world.app.appToken) return undefined;
    throw new Refusal(world.tokens.has(token) ? 'not_allowed_token_type' : 'invalid_auth');
  }
  if (token === world.app.appToken) throw new Refusal('not_allowed_token_type');
  const known = world.tokens.get(token);
  if (!known) throw new Refusal('invalid_auth');
  if (known.refusal) throw new Refusal(known.refusal);
  return known.team;
}

/** Answers one call, or throws a `Refusal`. */
export function answer(name: string, args: Args, team: FakeTeam | undefined, tools: ApiTools): Wire {
  if (name === 'apps.connections.open') return { url: tools.socketUrl() };
  const free = FREE_METHODS[name];
  if (free) return free(args, tools);
  const method = METHODS[name];
  if (!method || !team) throw new Refusal('unknown_method', { req_method: name });
  need(team, method.scopes);
  return method.handle(args, team, tools);
}

function access(args: Args, { world }: ApiTools): Wire {
  const { app, codes } = world;
  if (args.client_id !== app.clientId) throw new Refusal('invalid_client_id');
  if (args.client_secret !== app.clientSecret) throw new Refusal('bad_client_secret');
  const granted = codes.get(String(args.code));
  if (!granted) throw new Refusal('invalid_code');
  // A code is good for one attempt.
  codes.delete(String(args.code));
  if (String(args.redirect_uri ?? '') !== granted.redirectUri) throw new Refusal('bad_redirect_uri');
  const { team, user, scopes } = granted;
  return {
    app_id: app.id,
    authed_user: { id: user.id },
    scope: scopes.join(','),
    token_type: 'bot',
    access_token: world.install(team, scopes),
    bot_user_id: team.bot.id,
    team: { id: team.id, name: team.name },
    enterprise: null,
    is_enterprise_install: false,
  };
}
