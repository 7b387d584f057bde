import assert from 'node:assert/strict'
import test from 'node:test'
import * as client from 'openid-client'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'

const base = process.env.BASE
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] } // plain HTTP on loopback
const discover = (id, auth) => client.discovery(new URL(base), id, undefined, auth, options)
const password = { username: 'johndoe', password: 'secret', scope: 'me' }

for (const [name, id, auth] of [
  ['public', 'fastapi', client.None()],
  ['client_secret_basic', 'web', client.ClientSecretBasic('s3cret')],
  ['client_secret_post', 'web', client.ClientSecretPost('s3cret')],
]) {
  test(`openid-client: ${name} logs in, uses, refreshes and revokes`, async () => {
    const config = await discover(id, auth)
    const first = await client.genericGrantRequest(config, 'password', password)
    const use = (token) => client.fetchProtectedResource(config, token, new URL('/users/me/', base), 'GET')
    assert.equal((await (await use(first.access_token)).json()).username, 'johndoe')
    const next = await client.refreshTokenGrant(config, first.refresh_token)
    await client.tokenRevocation(config, next.refresh_token)
    await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' })
    await assert.rejects(use(next.access_token))
  })
}

test('openid-client: a refresh token that is used twice ends the login', async () => {
  const config = await discover('fastapi', client.None())
  const first = await client.genericGrantRequest(config, 'password', password)
  const next = await client.refreshTokenGrant(config, first.refresh_token)
  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: 'invalid_grant' })
  await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' })
})

test('openid-client: introspection and client credentials', async () => {
  const config = await discover('web', client.ClientSecretBasic('s3cret'))
  const token = await client.clientCredentialsGrant(config, { scope: 'items' })
  const answer = await client.tokenIntrospection(config, token.access_token)
  assert.equal(answer.active, true)
  assert.equal(answer.sub, 'client:web')
})

test('jose: verifies by the published keys', async () => {
  const config = await discover('fastapi', client.None())
  const { access_token } = await client.genericGrantRequest(config, 'password', password)
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
  const { payload } = await jwtVerify(access_token, keys, { issuer: base, audience: base, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['jti', 'client_id', 'iat', 'exp'] })
  assert.equal(payload.sub, 'johndoe')
  assert.equal(decodeProtectedHeader(access_token).typ, 'at+jwt')
  const wrong = access_token.slice(0, -8) + 'AAAAAAAA'
  await assert.rejects(jwtVerify(wrong, keys))
})
