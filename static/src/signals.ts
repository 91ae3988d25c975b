// Google Consent Mode v2: the soft signal beside the hard gate.
// https://developers.google.com/tag-platform/security/guides/consent
import { attempt, readHint, signalled } from './cookie'
import { statusOf } from './decision'
import type { Gate, Status } from './types'

declare global {
  interface Window {
    dataLayer?: unknown[]
  }
}

/** As far as it is read here: an Arguments object, or anything else. */
type Command = { 0?: unknown; 2?: Record<string, unknown> } | undefined

/** Google's tag takes the Arguments object itself, not an array. */
function gtag(..._: unknown[]): void {
  window.dataLayer!.push(arguments)
}

/**
 * Sets the default, which must be the first command on the page and carries a
 * remembered choice itself; regions change it only while there is none. A page
 * that has set one before is told only what differs. Returns what tells of a
 * later choice. dataLayer is the page's own: where that fails, nothing is said.
 */
export function signal({ policy, permits }: Pick<Gate, 'policy' | 'permits'>): () => void {
  const { keys, rest, redact, regions } = policy.consent!
  const now = () => Object.fromEntries(Object.entries(keys).map(([key, category]): [string, Status] => [key, statusOf(permits(category))]))
  const update = () => {
    gtag('consent', 'update', now())
    window.dataLayer!.push({ event: 'consent_update' })
  }
  attempt(() => {
    const said: Record<string, unknown> = {}
    for (const command of (window.dataLayer ||= []) as Command[]) if (command?.[0] == 'consent' && !command[2]?.region) Object.assign(said, command[2])
    if (!said.ad_storage) {
      gtag('consent', 'default', { ...now(), ...rest })
      if (regions && !readHint(policy) && !signalled(policy)) regions.map(region => gtag('consent', 'default', region))
      gtag('set', 'ads_data_redaction', redact)
    } else if (Object.keys(keys).some(key => said[key] != now()[key])) update()
  })
  return update
}
