// Records decisions: names them, applies what they take back, posts them, and
// keeps each until the server has acknowledged it. Nothing is permitted here:
// only the cookie that comes with the acknowledgement does that.
import { cookieName, readHint, storageKey } from './cookie'
import { expiry, narrow } from './narrow'
import type { Answer, Asking, Decision } from './types'

/** Answers after which sending again cannot help. */
const FINAL = [201, 400, 403, 409, 413, 415, 422]

const TIMEOUT = 8000 // milliseconds

/** What POST decisions answers, as far as it is read here. */
interface Reply {
  hint?: string
  sealed?: string
  error?: { rendering?: string }
}

/** Starts a decision: what it denies is denied from now on, recorded or not. */
export function decide(gate: Asking, answer: Answer): Decision {
  const { policy, locale } = gate
  const { globalPrivacyControl, webdriver } = navigator
  const decision: Decision = {
    id: mint(),
    rendering: policy.rendering,
    locale,
    layout: policy.layout,
    scope: 'keep',
    gpc: !!globalPrivacyControl,
    webdriver: !!webdriver,
    ...answer,
  }
  takeBack(gate, decision)
  keep(gate, 'pending', JSON.stringify(decision))
  gate.refresh()
  return decision
}

/**
 * Posts a decision and follows the answer. Returns its status, 0 when there was
 * none. One decision is on its way at a time, over all tabs, so that the last
 * click is the last to arrive.
 */
export async function send(gate: Asking, decision: Decision): Promise<number> {
  const post = () => postDecision(gate, decision)
  return navigator.locks ? navigator.locks.request(storageKey(gate.policy, 'pending'), post) : post()
}

async function postDecision(gate: Asking, decision: Decision): Promise<number> {
  let status = 0
  let reply: Reply = {}
  try {
    const sealed = keep(gate, 'sealed')
    const response = await fetch(gate.policy.base + '/decisions', {
      method: 'POST',
      keepalive: true,
      credentials: ({ path: 'same-origin', subdomain: 'include', remote: 'omit' } as const)[gate.policy.mode],
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sealed ? { ...decision, sealed } : decision),
      signal: AbortSignal.timeout(TIMEOUT),
    })
    status = response.status
    reply = (await response.json()) as Reply
  } catch {}
  if (reply.sealed) keep(gate, 'sealed', reply.sealed)
  if (status == 201 && reply.hint && gate.policy.mode == 'remote') write(gate, reply.hint)
  if (FINAL.includes(status)) settle(gate, decision)
  const waiting = pending(gate)
  if (waiting) takeBack(gate, waiting)
  gate.refresh()
  gate.reload()
  if (status == 409) await askAnew(gate, reply.error?.rendering)
  return status
}

/** The notice has changed: a newer banner, which carries its policy, asks. */
async function askAnew(gate: Asking, rendering?: string): Promise<void> {
  try {
    await gate.load('banner', rendering)
    await gate.begin!()
  } catch {}
}

/** The decision that waits for its record. */
export function pending(gate: Asking): Decision | null {
  try {
    return JSON.parse(keep(gate, 'pending') || 'null') as Decision | null
  } catch {
    return null
  }
}

/** Forgets a decision that needs no record any more. */
export function settle(gate: Asking, decision: Decision): void {
  if (pending(gate)?.id == decision.id) keep(gate, 'pending', '')
}

function takeBack(gate: Asking, answer: Answer): void {
  const value = narrow(gate.policy, readHint(gate.policy), answer, Date.now() / 1e3)
  if (value) write(gate, value)
}

function write({ policy }: Asking, value: string): void {
  const secure = location.protocol == 'http:' ? '' : ';secure'
  const domain = policy.domain && ';domain=' + policy.domain
  const age = Math.floor(expiry(value) - Date.now() / 1e3)
  try {
    document.cookie = `${cookieName(policy)}=${value};path=/;max-age=${age};samesite=lax${secure}${domain}`
  } catch {}
}

/** 128 random bits in base64url, by which the server knows a retry. */
function mint(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').slice(0, 22)
}

/** Reads a value of script storage, or writes it; '' removes it. Without storage nothing is kept. */
function keep(gate: Asking, name: 'pending' | 'sealed', value?: string): string | null {
  const key = storageKey(gate.policy, name)
  try {
    if (value) localStorage.setItem(key, value)
    else if (value == '') localStorage.removeItem(key)
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

declare global {
  interface Navigator {
    readonly globalPrivacyControl?: boolean
  }
}
