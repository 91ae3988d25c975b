// Package templates holds the whole pages that Consentry serves as its own: the
// choices page without JavaScript, the receipt, and the operators' dashboard.
//
// A page is a struct of plain data and the templ component that shows it. Every
// page works without any script and under a strict Content-Security-Policy: its
// one style element carries the nonce that the page struct names, and nothing
// has a style attribute. The package never reads a request, a clock or a store,
// and decides nothing: callers hand in what is to be shown.
package templates
