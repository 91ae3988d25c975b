// The gate in modes marked and report.
import { start } from './start'
import type { Policy } from './types'

declare const __POLICY__: Policy

start(__POLICY__)
