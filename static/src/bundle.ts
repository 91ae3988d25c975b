// How a bundle that the gate has fetched takes up its place.
import type { Gate, Policy } from './types'

/**
 * Takes the gate from the script's own element, and gives it the policy that the
 * bundle was served with, under the rendering that its address names. Undefined
 * when anybody else has loaded the script.
 */
export function enter(policy: Policy): Gate | undefined {
  const script = document.currentScript as HTMLScriptElement
  const gate = script.consentry
  script.remove()
  if (!gate) return
  gate.policy = { ...policy, rendering: script.src.split('/').at(-2)! }
  gate.refresh()
  return gate
}
