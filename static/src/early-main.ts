// For pages that ask for layer one before the gate has come: where nobody has
// answered yet, the gate's own request then finds it on its way. It is pasted into
// pages and may be older than the site's policy: the gate asks for today's all the
// same, and what came early is not looked at.
import { attempt, cookieName } from './cookie'
import { pickLocale } from './locale'
import type { Policy } from './types'

declare const __POLICY__: Pick<Policy, 'base' | 'cookie' | 'rendering' | 'locales'>

const policy = __POLICY__
const { currentScript, documentElement, head } = document

// No script is asked for here, and nothing that came is run: a link is no sink of Trusted Types.
attempt(() => {
  if (document.cookie.includes(cookieName(policy) + '=')) return
  const locale = pickLocale(policy.locales!, [documentElement.lang, ...navigator.languages])
  const href = [policy.base, 'banner', policy.rendering, locale].join('/') + '.js'
  head.append(Object.assign(document.createElement('link'), { rel: 'preload', as: 'script', nonce: (currentScript as HTMLElement).nonce, href }))
})
