import { hostName } from '../../http/guard-host.ts';

/** The headers with which a browser names the origin of a request. */
export interface OriginHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/**
 * Whether a request comes from this server's page, or from no page at all (a terminal sends neither header).
 * Other sites may not start, stop or read stories through a visitor's browser.
 */
export function isSameOrigin(headers: OriginHeaders, allowedHosts: readonly string[] = []): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (headers.origin === undefined) return true;
  const origin = hostOf(headers.origin);
  if (origin === undefined) return false;
  // A reverse proxy may replace the Host header; the operator then sets the public host.
  if (origin === headers.host?.toLowerCase()) return true;
  return allowedHosts.some((name) => name.toLowerCase() === hostName(origin));
}

function hostOf(origin: string): string | undefined {
  // The literal "null" (a sandboxed frame, a file) is not a URL and matches no host.
  return URL.canParse(origin) ? new URL(origin).host || undefined : undefined;
}
