// What a front-end team would write: Hono on Node, and supabase-js used as its documentation shows for servers (a client
// for each request, bound to the caller's token, keeping no session). The benchmarked endpoints only.

import { timingSafeEqual } from 'node:crypto'
import { serve } from '@hono/node-server'
import { zValidator } from '@hono/zod-validator'
import { createClient } from '@supabase/supabase-js'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { z } from 'zod'

const REFRESH_COOKIE = 'sb_refresh_token'
const REFRESH_COOKIE_MAX_AGE = 60 * 60 * 24 * 30 // seconds

const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, CSRF_STATIC_TOKEN, COOKIE_SECURE, HOST, PORT } = process.env
const csrfToken = Buffer.from(CSRF_STATIC_TOKEN)

const supabase = (accessToken) =>
  createClient(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    ...(accessToken && { global: { headers: { Authorization: `Bearer ${accessToken}` } } }),
  })

const refuse = (c, status, code, message, details = {}) => c.json({ code, message, details }, status)

const credentials = zValidator('json', z.object({ email: z.email(), password: z.string() }), (result, c) => {
  if (result.success) return
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  return refuse(c, 400, 'invalid_request', 'The request is invalid', { errors })
})

const csrf = async (c, next) => {
  const sent = Buffer.from(c.req.header('X-CSRF-Token') ?? '')
  if (sent.length !== csrfToken.length || !timingSafeEqual(sent, csrfToken)) {
    return refuse(c, 403, 'csrf_failed', 'CSRF token missing or invalid')
  }
  await next()
}

// Supabase refused, or it did not answer: only the first is the caller's fault.
const upstream = (c, error, code, message) =>
  error.status >= 400 && error.status < 500
    ? refuse(c, 401, code, message)
    : refuse(c, 502, 'upstream_error', 'Supabase answered with an error')

const signedIn = (c, { session, user }) => {
  setCookie(c, REFRESH_COOKIE, session.refresh_token, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    secure: COOKIE_SECURE === 'true',
    maxAge: REFRESH_COOKIE_MAX_AGE,
  })
  c.header('Cache-Control', 'no-store')
  return c.json({
    accessToken: session.access_token,
    expiresIn: session.expires_in,
    user: { id: user.id, email: user.email },
  })
}

const app = new Hono()

app.use(
  '*',
  cors({ origin: ['http://localhost:5173', 'http://127.0.0.1:5173'], credentials: true, allowHeaders: ['*'] }),
)

app.post('/auth/signin', csrf, credentials, async (c) => {
  const { data, error } = await supabase().auth.signInWithPassword(c.req.valid('json'))
  if (error) return upstream(c, error, 'auth_invalid_credentials', 'Invalid email or password')
  return signedIn(c, data)
})

app.get('/auth/me', async (c) => {
  const [scheme, token] = (c.req.header('Authorization') ?? '').split(' ')
  if (scheme.toLowerCase() !== 'bearer' || !token) return refuse(c, 401, 'unauthorized', 'Missing or invalid token')
  const client = supabase(token)
  // Both at the same time: row level security picks the row.
  const [answer, found] = await Promise.all([
    client.auth.getUser(token),
    client.from('user_profile').select('display_name').limit(1),
  ])
  if (answer.error) return upstream(c, answer.error, 'unauthorized', 'Missing or invalid token')
  if (found.error) return refuse(c, 502, 'upstream_error', 'Supabase answered with an error')
  const { id, email } = answer.data.user
  return c.json({ user: { id, email, profile: { displayName: found.data[0]?.display_name ?? null } } })
})

app.post('/auth/refresh', csrf, async (c) => {
  const refreshToken = getCookie(c, REFRESH_COOKIE)
  if (!refreshToken) return refuse(c, 401, 'auth_refresh_missing', 'No refresh cookie')
  const { data, error } = await supabase().auth.refreshSession({ refresh_token: refreshToken })
  if (error) return upstream(c, error, 'auth_refresh_invalid', 'The session has ended')
  return signedIn(c, data)
})

app.get('/healthz', (c) => c.json({ status: 'ok' }))

app.notFound((c) => refuse(c, 404, 'not_found', 'Not found'))

app.onError((error, c) => {
  // The JSON validator throws this for a body that is no JSON.
  if (error instanceof HTTPException) return refuse(c, error.status, 'invalid_request', error.message)
  return refuse(c, 500, 'internal_error', 'Internal error')
})

serve({ fetch: app.fetch, hostname: HOST, port: Number(PORT) })

process.on('SIGTERM', () => process.exit(0))
