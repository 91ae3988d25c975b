package dashboard

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/templates"
)

// setHeaders writes the security headers of an operators' page. nonce admits
// the page's one style element.
func setHeaders(h http.Header, nonce string) {
	h.Set("Content-Security-Policy",
		// Whatever is not named below is not loaded: no script, font, frame or request.
		"default-src 'none'; "+
			// The one style element of the page. No style attribute and no other sheet.
			"style-src 'nonce-"+nonce+"'; "+
			// The icon of the browser's tab; without one browsers ask for another, and complain.
			"img-src 'self'; "+
			// Forms post to the dashboard alone, so that a password cannot be sent elsewhere.
			"form-action 'self'; "+
			// No base element can redirect the page's relative addresses.
			"base-uri 'none'; "+
			// Nobody frames the dashboard: an operator's click cannot be borrowed.
			"frame-ancestors 'none'")
	// A response is what its Content-Type says, the CSV as well.
	h.Set("X-Content-Type-Options", "nosniff")
	// Own forms keep their Origin, which the check on every POST needs; other
	// sites never learn which page a link was on.
	h.Set("Referrer-Policy", "same-origin")
	// A page that opened the dashboard, or was opened by it, has no handle on its window.
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	// Other origins cannot embed the CSV or a page as a subresource.
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// No device access is ever asked for.
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	// Figures and forms stay out of every cache, the browser's history included.
	h.Set("Cache-Control", "no-store")
}

// getIcon gives the icon of the browser's tab to anybody, strangers at the door included.
func getIcon(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.Blob(http.StatusOK, "image/svg+xml", []byte(templates.Icon))
}
