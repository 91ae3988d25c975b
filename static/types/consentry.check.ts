// The published types are held against the code's own, and against what pages
// write. Checked by tsc, never run.
import type { Consentry as Own } from '../src/queue'
import type { Choice } from '../src/types'
import type { Consentry, ConsentryAnswer, ConsentryChoice } from './consentry'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Parts<A, B> = { [K in keyof A | keyof B]: K extends keyof A & keyof B ? (A[K] extends B[K] ? (B[K] extends A[K] ? true : K) : K) : K }[keyof A | keyof B]

const _choice: Same<ConsentryChoice, Choice> = true
const _answer: Same<ConsentryAnswer, Parameters<Own['decide']>[0]> = true
const _members: Parts<Consentry, Own> = true
const _bothWays: [Consentry extends Own ? true : false, Own extends Consentry ? true : false] = [true, true]
void [_choice, _answer, _members, _bothWays]

// What pages write.
;(window.consentry ||= []).push(consentry => {
  const choice: ConsentryChoice = consentry.decision()
  const on: boolean = consentry.permits('analytics & !share')
  consentry.on('change', ({ categories }) => void categories.analytics)
  void [choice.decided, on]
  consentry.decide({ categories: { analytics: 'granted' } }).then(recorded => recorded === true)
  consentry.withdraw().then(() => consentry.open())
  consentry.scan(document)
})
document.addEventListener('consentchange', event => void event.detail.services.ga4?.toUpperCase())

// What they must not.
// @ts-expect-error a status is one of two words
;(window.consentry as Consentry).decide({ categories: { analytics: true } })
// @ts-expect-error there is one event
;(window.consentry as Consentry).on('open', () => {})
