// Vendors' own consent calls, as their entries of the catalogue describe them:
// the soft signal beside the gate.
import { statusOf } from './decision'
import type { Calls, Gate } from './types'

type Function = (...args: unknown[]) => unknown
type Target = Function & { q?: unknown[]; push?: Function } & Record<string, unknown>

const page = window as unknown as Record<string, Target | undefined>

/** Makes the default calls, and returns what makes those of a change. */
export function tell(gate: Gate): () => void {
  /** What each service was told last. */
  const told = new Map<string, string>()
  const services = Object.entries(gate.policy.vendors || {}).flatMap(([service, { calls }]) => (calls ? [[service, calls] as const] : []))
  const state = (service: string, calls: Calls) =>
    JSON.stringify([gate.permits(service), gate.permits('!' + service), fill(gate, service, [calls.granted, calls.denied])])
  const choice = (service: string, calls: Calls) => make(gate, calls, service, gate.permits(service) ? calls.granted : calls.denied)

  /** Whether the calls can be made now: a method, and what the gate may not put in place, come with the vendor's code. */
  const here = ({ global, form, stub, granted }: Calls) =>
    form == 'method' ? isFunction(page[global]?.[granted?.[0]?.[0] as string]) : stub || page[global]

  function change(late = false): void {
    for (const [service, calls] of services) {
      if ((late && told.has(service)) || !here(calls)) continue
      const now = state(service, calls)
      if (told.get(service) == now) continue
      told.set(service, now)
      choice(service, calls)
    }
  }

  // Code that is there already runs as it was permitted to, or got through: it is
  // told what holds, and holding it back now would come after its first calls.
  for (const [service, calls] of services) {
    const there = !!page[calls.global]
    const permitted = gate.permits(service)
    if (!there || !permitted) make(gate, calls, service, calls.default)
    if (!calls.stub || !here(calls)) continue
    told.set(service, state(service, calls))
    if (there || (permitted && !JSON.stringify(calls.default || '').includes('"$'))) choice(service, calls)
  }
  const arrived = () => change(true)
  for (const event of ['load', 'error']) document.addEventListener(event, arrived, true)
  arrived()
  return () => change()
}

const isFunction = (value: unknown): value is Function => typeof value == 'function'

/** Puts statuses in the place of their names. */
function fill(gate: Gate, service: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => fill(gate, service, item))
  if (value && typeof value == 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(gate, service, item)]))
  if (typeof value != 'string' || value[0] != '$') return value
  const key = value.slice(1)
  return statusOf(gate.permits(key == 'status' ? service : gate.policy.consent!.keys[key] || ''))
}

function make(gate: Gate, { global, form, stub }: Calls, service: string, list: unknown[][] = []): void {
  if (stub && list[0]) page[global] ||= (form == 'call' ? queueing() : []) as Target
  const target = page[global]
  if (!target) return
  for (const args of fill(gate, service, list) as unknown[][]) {
    try {
      const [name, ...rest] = args as [string]
      if (form == 'call') target(...args)
      else if (form == 'method' && isFunction(target[name])) (target[name] as Function)(...rest)
      else if (form == 'push') target.push!(...args)
      else if (form == 'arguments') pushArguments(target, args)
      else target.push!(args)
    } catch (error) {
      reportError(error)
    }
  }
}

/** What vendors put in their function's place until their code is there. */
function queueing(): Target {
  const stub = function () {
    ;(stub.q ||= []).push(arguments)
  } as Target
  return stub
}

function pushArguments(target: Target, args: unknown[]): void {
  ;(function (..._: unknown[]) {
    target.push!(arguments)
  })(...args)
}
