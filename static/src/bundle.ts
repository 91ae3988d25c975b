// How a bundle that the gate has fetched takes up its place.
import type { Asking, Gate, Notice } from './types'

/** Takes the gate from the script's own element: undefined when anybody else has loaded it. */
export function lender(): Gate | undefined {
  const script = document.currentScript as HTMLScriptElement
  script.remove()
  return script.consentry
}

/**
 * Gives the gate the policy that the bundle was served with, under the rendering
 * that its address names. What is presumed about a visitor only the gate knows.
 */
export function enter(policy: Notice): Asking | undefined {
  const { src } = document.currentScript as HTMLScriptElement
  const gate = lender() as Asking | undefined
  if (!gate) return
  const { categories } = gate.policy
  gate.policy.heeds ||= [] // an older gate does not say what it asks for
  gate.policy = { ...gate.policy, ...policy, rendering: src.split('/').at(-2)! }
  gate.policy.categories = policy.categories.map(c => ({ ...categories.find(known => known.id == c.id), ...c }))
  gate.refresh()
  return gate
}
