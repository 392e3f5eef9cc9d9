import type { FastifyHelmetOptions } from '@fastify/helmet';
import { WORKER_POLICY } from '../../page/worker-url.ts';

/**
 * What a browser may do with the server's responses. No inline code, no external sources, no frames; and no
 * HSTS or upgrade to https, because the page is served over plain http on localhost.
 */
export const SECURITY_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      workerSrc: ["'self'"],
      connectSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      // No string becomes markup or code, regardless of the content of a story or a prompt.
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: [WORKER_POLICY],
    },
  },
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
};
