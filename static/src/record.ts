// Recording a decision: its body, its way to the server, and what the answer has
// a script keep. Nothing is permitted here: only the cookie that comes with the
// acknowledgement does that.
import { attempt, cookieName } from './cookie'
import { expiry } from './narrow'
import type { Answer, Asking, Decision, Policy } from './types'

const TIMEOUT = 8000 // milliseconds

/** What POST decisions answers, as far as it is read here. */
export interface Reply {
  hint?: string
  sealed?: string
  error?: { rendering?: string }
}

/** Names a decision; what answer says of its body wins. */
export function draw({ policy, locale }: Asking, answer: Answer & Partial<Decision>): Decision {
  const { globalPrivacyControl, doNotTrack, webdriver } = navigator
  return {
    id: mint(),
    rendering: policy.rendering,
    locale,
    layout: policy.layout,
    scope: 'keep',
    gpc: !!globalPrivacyControl,
    dnt: doNotTrack == '1' && policy.heeds.includes('doNotTrack'),
    webdriver: !!webdriver,
    ruling: policy.ruling,
    ...answer,
  }
}

/** 128 random bits in base64url, by which the server knows a retry. */
function mint(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').slice(0, 22)
}

/**
 * Posts a decision and hands then the answer: its status, 0 when there was none.
 * One decision is on its way at a time, over all tabs, until its then is done, so
 * that the last click is the last to arrive.
 */
export async function post<T>(gate: Asking, decision: Decision, then: (status: number, reply: Reply) => Promise<T>): Promise<T> {
  return alone(gate, async () => {
    const [status, reply] = await request(gate, decision)
    if (reply.sealed) keep(gate, 'sealed', reply.sealed)
    if (status == 201 && reply.hint && gate.policy.mode == 'remote') write(gate, reply.hint)
    return then(status, reply)
  })
}

/** The script storage key of the decision that waits for its record, where hasPending looks, or of the sealed value in mode remote. */
const storageKey = (policy: Policy, name: 'pending' | 'sealed') => `consentry:${policy.site}:${name}`

/** Resolves when no decision is on its way. */
export const idle = (gate: Asking) => alone(gate, async () => {})

/** Chromium refuses locks to pages that are forbidden their cookies: those go without. */
async function alone<T>({ policy }: Asking, task: () => Promise<T>): Promise<T> {
  let done: Promise<T> | undefined
  const once = () => (done ||= task())
  return navigator.locks ? (navigator.locks.request(storageKey(policy, 'pending'), once) as unknown as Promise<T>).catch(once) : once()
}

async function request(gate: Asking, decision: Decision): Promise<[number, Reply]> {
  let status = 0
  try {
    const sealed = keep(gate, 'sealed')
    const response = await fetch(gate.policy.base + '/decisions', {
      method: 'POST',
      keepalive: true,
      credentials: gate.policy.mode == 'remote' ? 'omit' : 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sealed ? { ...decision, sealed } : decision),
      signal: AbortSignal.timeout(TIMEOUT),
    })
    status = response.status
    return [status, (await response.json()) as Reply]
  } catch {
    return [status, {}]
  }
}

/** A request that carries what the visitor holds: cookies, or in mode remote the value that the script keeps. */
export const authority = (gate: Asking): RequestInit =>
  gate.policy.mode == 'remote'
    ? { method: 'POST', credentials: 'omit', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ sealed: keep(gate, 'sealed') || '' }) }
    : { credentials: gate.policy.mode == 'path' ? 'same-origin' : 'include', headers: { accept: 'application/json' } }

/** The notice has changed: a newer banner, which carries its policy, asks. */
export async function askAnew(gate: Asking, rendering?: string): Promise<void> {
  await gate.load('banner', rendering)
    .then(() => gate.begin!())
    .catch(() => {})
}

/** Writes the hint cookie. */
export function write({ policy }: Asking, value: string): void {
  const secure = location.protocol == 'http:' ? '' : ';secure'
  const domain = policy.domain && ';domain=' + policy.domain
  const age = Math.floor(expiry(value) - Date.now() / 1e3)
  attempt(() => (document.cookie = `${cookieName(policy)}=${value};path=/;max-age=${age};samesite=lax${secure}${domain}`))
}

/** Reads a value of script storage, or writes it; '' removes it. Without storage nothing is kept. */
export function keep(gate: Asking, name: 'pending' | 'sealed', value?: string): string | null | undefined {
  const key = storageKey(gate.policy, name)
  return attempt(() => {
    if (value) localStorage.setItem(key, value)
    else if (value == '') localStorage.removeItem(key)
    return localStorage.getItem(key)
  })
}

declare global {
  interface Navigator {
    readonly globalPrivacyControl?: boolean
  }
}
