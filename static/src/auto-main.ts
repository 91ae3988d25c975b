// The gate in modes known and strict.
import { guard } from './guard'
import { start } from './start'
import type { Policy } from './types'

declare const __POLICY__: Policy

start(__POLICY__, guard)
