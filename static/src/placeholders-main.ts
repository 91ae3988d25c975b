// The placeholders' bundle: wiring only. The gate fetches it when an embed waits.
import { lender } from './bundle'
import { placeholders } from './placeholders'
import type { Place } from './types'

declare const __POLICY__: Place[]
declare const __HTML__: string
declare const __CSS__: string

const gate = lender()

if (gate && !gate.place) gate.place = placeholders(gate, __POLICY__, __CSS__, __HTML__)
