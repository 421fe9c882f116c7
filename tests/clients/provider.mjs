// An OpenID Connect provider for the tests: `node provider.mjs PORT CLIENT_SECRET`. It signs with keys of its own, which are new at each
// start. Whoever types a name at its login is that person; "root" is an administrator.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';

import Provider from 'oidc-provider';

const [port, clientSecret] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') };

const page = (content) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Provider</title>
  <link rel="icon" href="data:,"></head><body>${content}</body></html>`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'insession',
      client_secret: clientSecret,
      redirect_uris: ['http://127.0.0.1/sign-in/callback'],
      post_logout_redirect_uris: ['http://127.0.0.1/'],
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name', 'roles'] },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `${id[0].toUpperCase()}${id.slice(1)} Provided`, roles: id === 'root' ? ['admin'] : [] }),
  }),
  // People need not agree to what the client learns.
  loadExistingGrant: async ({ oidc: { client, session } }) => {
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource: (context, form) => {
        context.body = page(`<h1>Sign out?</h1>${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>`);
      },
    },
  },
});
// The port of the server is not known before it starts.
const ownPort = (uri) => uri.replace(/^(http:\/\/127\.0\.0\.1):\d+\//, '$1/');
provider.Client.prototype.redirectUriAllowed = function (uri) { return this.redirectUris.includes(ownPort(uri)); };
provider.Client.prototype.postLogoutRedirectUriAllowed = function (uri) { return this.postLogoutRedirectUris.includes(ownPort(uri)); };

provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  if (context.method === 'GET') {
    context.body = page('<h1>Who are you?</h1><form method="post"><input name="login" autofocus><button>Continue</button></form>');
    return undefined;
  }
  let body = '';
  for await (const chunk of context.req) body += chunk;
  const form = new URLSearchParams(body);
  const result = form.get('login') ? { login: { accountId: form.get('login') } } : { error: 'access_denied' };
  context.respond = false;
  return provider.interactionFinished(context.req, context.res, result);
});

await once(provider.listen(Number(port), '127.0.0.1'), 'listening');
console.log(`listening as ${issuer}`);
