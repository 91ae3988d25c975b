package dashboard

import (
	"fmt"

	"github.com/labstack/echo/v4"
)

// registerFiles mounts what the pages show as files, each with the right of the page
// that leads to it, and noted in the audit trail before it is given.
func (d *Dashboard) registerFiles(g *echo.Group) {
	all := func(file string, get echo.HandlerFunc, x right) {
		g.GET("/"+file, get, d.may(x), d.exportsAll(file))
	}
	all("sites.csv", d.getSitesCSV, seeRates)
	all("sites.json", d.getSitesJSON, seeRates)
	all("needs.csv", d.getNeedsCSV, seeRates)
	all("needs.json", d.getNeedsJSON, seeRates)
	all("requests.csv", d.getRequestsCSV, seeRecords)
	all("requests.json", d.apiRequests, seeRecords)
	all("state.csv", d.getStateCSV, seeRecords)
	all("state.json", d.apiState, seeRecords)
	all("retention.csv", d.getRetentionCSV, seeRecords)
	all("accounts.csv", d.getAccountsCSV, manage)
	all("tokens.csv", d.getTokensCSV, manage)
	all("access.json", d.getAccessJSON, manage)
	g.GET("/records.csv", d.getRecordCSV, d.may(seeRecords)) // which site's it is the record tells
	g.GET("/records.json", d.getRecordJSON, d.may(seeRecords))
	d.registerSiteFiles(g)
}

func (d *Dashboard) registerSiteFiles(g *echo.Group) {
	one := func(file string, get echo.HandlerFunc, x right) {
		g.GET("/sites/:site/"+file, get, d.may(x), d.exports(file))
	}
	one("rates.csv", d.getCSV, seeRates)
	one("rates.json", d.getJSON, seeRates)
	one("breakdowns.csv", d.getBreakdownsCSV, seeRates)
	one("services.csv", d.getServicesCSV, seeRates)
	one("comparison.csv", d.getComparisonCSV, seeRates)
	one("comparison.json", d.getComparisonJSON, seeRates)
	one("experiment.csv", d.getExperimentCSV, seeRates)
	one("experiment.json", d.apiExperiment, seeRates)
	one("undeclared.csv", d.getUndeclaredCSV, seeRates)
	one("undeclared.json", d.apiUndeclared, seeRates)
	one("findings.csv", d.getFindingsCSV, seeRates)
	one("findings.json", d.getFindingsJSON, seeRates)
	one("audit.csv", d.getAuditCSV, seeRecords)
	one("audit.json", d.getAuditJSON, seeRecords)
	if d.Examine == nil {
		return
	}
	one("leaks.csv", d.getLeaksCSV, configure)
	one("leaks.json", d.getLeaksJSON, configure)
	// A page is looked at anew for its file, which no link may set off.
	g.POST("/sites/:site/installation.csv", d.postInstallationCSV, d.may(configure), d.exports("installation.csv"))
	g.POST("/sites/:site/installation.json", d.postInstallationJSON, d.may(configure), d.exports("installation.json"))
}

// attachJSON answers with a JSON file, also where a form asked for it.
func attachJSON(c echo.Context, file string, v any) error {
	c.Response().Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="consentry-%s.json"`, file))
	return answerJSON(c, v)
}

// shares are columns of shares, from 0 to 1.
func shares(list ...float64) (row []string) {
	for _, share := range list {
		row = append(row, fmt.Sprintf("%.4f", share))
	}
	return row
}
