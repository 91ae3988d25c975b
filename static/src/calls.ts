// Vendors' own consent calls, as their entries of the catalogue describe them:
// the soft signal beside the gate.
import { statusOf } from './decision'
import type { Calls, Gate } from './types'

type Function = (...args: unknown[]) => unknown
type Target = Function & { q?: unknown[]; push?: Function }

/** Makes the default calls, and returns what makes those of a change. */
export function tell(gate: Gate): () => void {
  const told = new Map<string, string>()
  const each = (tell: (calls: Calls, service: string) => void) => {
    for (const [service, { calls }] of Object.entries(gate.policy.vendors || {})) if (calls) tell(calls, service)
  }
  const state = (calls: Calls, service: string) => JSON.stringify([gate.permits(service), fill(gate, service, [calls.default, calls.granted, calls.denied])])

  function change(calls: Calls, service: string): void {
    const now = state(calls, service)
    if (told.get(service) == now) return
    told.set(service, now)
    make(gate, calls, service, gate.permits(service) ? calls.granted : calls.denied)
  }

  each((calls, service) => {
    told.set(service, state(calls, service))
    if (!calls.stub) return
    make(gate, calls, service, calls.default)
    if (gate.permits(service) && !JSON.stringify(calls.default || '').includes('"$')) make(gate, calls, service, calls.granted)
  })
  return () => each(change)
}

/** Puts statuses in the place of their names. */
function fill(gate: Gate, service: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => fill(gate, service, item))
  if (value && typeof value == 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(gate, service, item)]))
  if (typeof value != 'string' || value[0] != '$') return value
  const key = value.slice(1)
  return statusOf(key == 'status' ? gate.permits(service) : gate.policy.categories.some(c => c.signals.includes(key) && gate.permits(c.id)))
}

function make(gate: Gate, { global, form, stub }: Calls, service: string, list: unknown[][] = []): void {
  const page = window as unknown as Record<string, Target | unknown[] | undefined>
  if (stub) page[global] ||= form == 'call' ? queueing() : []
  const target = page[global] as Target | undefined
  if (!target) return
  for (const args of fill(gate, service, list) as unknown[][]) {
    try {
      if (form == 'call') target(...args)
      else if (form == 'queue') target.push!(args)
      else if (form == 'push') target.push!(...args)
      else pushArguments(target, args)
    } catch (error) {
      reportError(error)
    }
  }
}

/** What vendors put in their function's place until their code is there. */
function queueing(): Target {
  const stub: Target = function () {
    ;(stub.q ||= []).push(arguments)
  }
  return stub
}

function pushArguments(target: Target, args: unknown[]): void {
  ;(function (..._: unknown[]) {
    target.push!(arguments)
  })(...args)
}
