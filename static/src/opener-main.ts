// The opener's bundle: wiring only. The gate fetches it when something may run,
// or when the browser has nothing else to do and something may be left to delete.
import { lender } from './bundle'
import { tell } from './calls'
import { opener } from './opener'
import { report } from './report'
import { sweep } from './sweep'
import type { Vendor } from './types'

declare const __VENDORS__: Record<string, Vendor>

const gate = lender()

if (gate && !gate.release) {
  gate.policy = { ...gate.policy, vendors: { ...gate.policy.vendors, ...__VENDORS__ } }
  const told = tell(gate)
  gate.follow = () => {
    told()
    sweep(gate)
  }
  sweep(gate)
  report(gate)
  Object.assign(gate, opener(gate))
}
