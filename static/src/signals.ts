// Google Consent Mode v2: the soft signal beside the hard gate.
// https://developers.google.com/tag-platform/security/guides/consent
import { statusOf } from './decision'
import type { Gate } from './types'

declare global {
  interface Window {
    dataLayer?: unknown[]
  }
}

// The first four are those of v2, which every update names.
const KEYS = ['ad_storage', 'ad_user_data', 'ad_personalization', 'analytics_storage', 'functionality_storage', 'personalization_storage']

/** Google's tag takes the Arguments object itself, not an array. */
function gtag(..._: unknown[]): void {
  window.dataLayer!.push(arguments)
}

/**
 * Pushes the default, which must be the first command on the page and carries a
 * remembered choice itself. Returns what tells of a later choice. Both do
 * nothing on a page without a data layer under a policy without signals.
 */
export function signal(gate: Gate): () => void {
  const mapped = gate.policy.categories.flatMap(c => c.signals)
  const granted = (key: string) => gate.policy.categories.some(c => c.signals.includes(key) && gate.permits(c.id))
  const consents = (keys: string[]) => Object.fromEntries(keys.map(key => [key, statusOf(granted(key))]))
  if (!window.dataLayer && !mapped[0]) return () => {}
  window.dataLayer ||= []
  const { wait, redact, regions = [] } = gate.policy.consent!
  gtag('consent', 'default', { ...consents(KEYS), security_storage: 'granted', wait_for_update: wait })
  for (const [region, statuses] of regions) gtag('consent', 'default', { ...statuses, region })
  gtag('set', 'ads_data_redaction', redact)
  return () => {
    gtag('consent', 'update', consents(KEYS.filter((key, i) => i < 4 || mapped.includes(key))))
    window.dataLayer!.push({ event: 'consent_update' })
  }
}
