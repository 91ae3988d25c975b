// The preferences' bundle: wiring only. The gate fetches it when it is opened, or
// when the banner's button for it is pointed at or focused.
import { enter } from './bundle'
import { preferences } from './preferences'
import { decide, send } from './send'
import type { Notice } from './types'

declare const __POLICY__: Notice
declare const __HTML__: string
declare const __CSS__: string

const gate = enter(__POLICY__)

if (gate) gate.prefer = preferences(gate, { decide, send }, __CSS__, __HTML__)
