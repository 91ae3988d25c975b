// Package experiment compares two wordings or layouts of a banner without knowing
// one visitor from another. Before a choice nothing is stored, so nobody can be
// assigned; time is: the site shows either variant for a block of hours, and the
// next day the other one at the same hours, in an order that a coin decides (a
// switchback experiment, https://arxiv.org/abs/2009.00148).
//
// The coin alone carries the conclusion. If a variant makes no difference to
// anybody, a pair's two figures would be the same whichever way it fell, so the sign
// of their difference is a fair coin, whatever visitors have in common with each
// other, with the day or with themselves. A bet against that coin is a martingale,
// and Ville's inequality (https://arxiv.org/abs/2210.01948) bounds how often it ever
// wins twentyfold, so that the figures may be looked at after every block. For such
// bets see Koning, https://arxiv.org/abs/2310.01153, on sign flips; for intervals
// that hold at all times Howard, Ramdas, McAuliffe and Sekhon,
// https://arxiv.org/abs/1810.08240.
//
// Pairs are left out for what was known before they began, never for what came of them:
// a bet may be skipped, but not after the coin fell.
//
// The package computes; it reads no clock, store or counter.
package experiment
