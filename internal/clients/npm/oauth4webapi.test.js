import assert from 'node:assert/strict'
import test from 'node:test'
import * as oauth from 'oauth4webapi'

const base = new URL(process.env.BASE)
const insecure = { [oauth.allowInsecureRequests]: true } // plain HTTP on loopback
const publicClient = { client_id: 'fastapi' }
const web = { client_id: 'web' }

const discover = async () =>
  oauth.processDiscoveryResponse(base, await oauth.discoveryRequest(base, { ...insecure, algorithm: 'oauth2' }))

const login = async (as, client, auth, parameters) => {
  const response = await oauth.genericTokenEndpointRequest(as, client, auth, 'password',
    { username: 'johndoe', password: 'secret', ...parameters }, insecure)
  return oauth.processGenericTokenEndpointResponse(as, client, response)
}

for (const [name, client, auth] of [
  ['public', publicClient, oauth.None()],
  ['client_secret_basic', web, oauth.ClientSecretBasic('s3cret')],
  ['client_secret_post', web, oauth.ClientSecretPost('s3cret')],
]) {
  test(`oauth4webapi: ${name} logs in, uses, refreshes and revokes`, async () => {
    const as = await discover()
    const first = await login(as, client, auth, { scope: 'me items' })
    assert.equal(first.token_type, 'bearer')
    const me = new URL('/users/me/', base)
    const use = (token) => oauth.protectedResourceRequest(token, 'GET', me, undefined, undefined, insecure)
    assert.equal((await (await use(first.access_token)).json()).username, 'johndoe')

    const next = await oauth.processRefreshTokenResponse(as, client,
      await oauth.refreshTokenGrantRequest(as, client, auth, first.refresh_token, insecure))
    assert.notEqual(next.refresh_token, first.refresh_token)

    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, next.refresh_token, insecure))
    await assert.rejects(use(next.access_token), oauth.WWWAuthenticateChallengeError)
    await assert.rejects(async () => oauth.processRefreshTokenResponse(as, client,
      await oauth.refreshTokenGrantRequest(as, client, auth, next.refresh_token, insecure)),
    (err) => err instanceof oauth.ResponseBodyError && err.error === 'invalid_grant')
  })
}

test('oauth4webapi: introspection and client credentials', async () => {
  const as = await discover()
  const auth = oauth.ClientSecretBasic('s3cret')
  const token = await oauth.processClientCredentialsResponse(as, web,
    await oauth.clientCredentialsGrantRequest(as, web, auth, { scope: 'items' }, insecure))
  const ask = async (text) => oauth.processIntrospectionResponse(as, web,
    await oauth.introspectionRequest(as, web, auth, text, insecure))
  const answer = await ask(token.access_token)
  assert.equal(answer.active, true)
  assert.equal(answer.client_id, 'web')
  assert.equal(answer.scope, 'items')
  assert.deepEqual(await ask('unknown'), { active: false })
})

test('oauth4webapi: the access token is one of RFC 9068', async () => {
  const as = await discover()
  const token = await login(as, publicClient, oauth.None(), {})
  const request = new Request(new URL('/users/me/', base), { headers: { authorization: `Bearer ${token.access_token}` } })
  const claims = await oauth.validateJwtAccessToken(as, request, process.env.BASE, insecure)
  assert.equal(claims.sub, 'johndoe')
})

test('oauth4webapi: errors are those of RFC 6749', async () => {
  const as = await discover()
  for (const [error, client, auth, parameters] of [
    ['invalid_grant', publicClient, oauth.None(), { password: 'wrong' }],
    ['invalid_scope', publicClient, oauth.None(), { scope: 'admin' }],
    ['invalid_client', web, oauth.ClientSecretPost('wrong'), {}],
  ]) {
    await assert.rejects(login(as, client, auth, parameters), (err) => err instanceof oauth.ResponseBodyError && err.error === error, error)
  }
  await assert.rejects(login(as, web, oauth.ClientSecretBasic('wrong'), {}), oauth.WWWAuthenticateChallengeError)
})
