// The opener's bundle: wiring only. The gate fetches it when something may run,
// or, once the page is there, when something may be left to delete or a choice
// can be changed.
import { cameBack } from './back'
import { lender } from './bundle'
import { tell } from './calls'
import { control } from './control'
import { granter } from './grant'
import { heed } from './heed'
import { opener } from './opener'
import { report } from './report'
import { sweep } from './sweep'
import type { Asking, Notice } from './types'

declare const __POLICY__: Pick<Notice, 'vendors' | 'settings' | 'mode' | 'domain' | 'layout'>

const gate = lender()

if (gate && !gate.release) {
  gate.policy = { ...gate.policy, ...__POLICY__ }
  gate.policy.heeds ||= [] // an older gate does not say what it asks for
  const told = tell(gate)
  gate.follow = () => {
    told()
    sweep(gate)
    control(gate)
  }
  sweep(gate)
  report(gate)
  control(gate)
  heed(gate as Asking)
  Object.assign(gate, opener(gate), { grant: granter(gate as Asking) })
  cameBack(gate as Asking)
  gate.reload!() // what ran was taken back before this was here
}
