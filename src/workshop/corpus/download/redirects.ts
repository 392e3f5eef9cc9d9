/** Restricts redirects: a compromised mirror must not reach hosts that only this machine can reach. */
import { StoryError } from '../../../errors.ts';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The target of a redirect.
 *
 * @param asked the requested address, whose host may redirect to itself
 * @param at the address that answered with the redirect
 * @param location the header of the response
 * @param hosts other hosts that the user allows: `mirror.example.org`, or with a port
 * @throws StoryError `not_found` for any other host, and for anything but a web address
 */
export function redirected(asked: string, at: string, location: string, hosts: readonly string[]): string {
  if (!URL.canParse(location, at)) {
    throw new StoryError(
      'not_found',
      `${asked} redirects to "${location}", which is no address. Try another --mirror.`,
    );
  }
  const target = new URL(location, at);
  if (!(target.protocol in DEFAULT_PORTS) || target.username || target.password) {
    throw new StoryError(
      'not_found',
      `${asked} redirects to ${target.href}, which is no web address. Try another --mirror.`,
    );
  }
  if (!isSameHost(target, new URL(asked)) && !hosts.some((host) => isNamed(target, host))) {
    throw new StoryError(
      'not_found',
      `${asked} redirects to another host, ${target.host}. If you trust it, add --allow-host ${target.host}.`,
    );
  }
  return target.href;
}

/** An address without a port uses its protocol's default, so that http may lead to https. */
function isSameHost(target: URL, asked: URL): boolean {
  return target.hostname === asked.hostname && target.port === asked.port;
}

function isNamed(target: URL, host: string): boolean {
  const named = host.toLowerCase();
  return target.host === named || `${target.hostname}:${portOf(target)}` === named;
}

function portOf({ protocol, port }: URL): string {
  return port || DEFAULT_PORTS[protocol]!;
}
