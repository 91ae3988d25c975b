package dashboard

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// exportedNeeds is what of a site waits for the viewer, of what they may see.
type exportedNeeds struct {
	Site     string   `json:"site"`
	Name     string   `json:"name"`
	Waiting  int      `json:"requests_waiting"`
	Overdue  int      `json:"requests_overdue"`
	Unread   bool     `json:"requests_unread"` // nobody knows how many wait
	Unsigned int      `json:"logs_unsigned"`
	Leaks    []string `json:"leaking_services"` // by name
	Unlisted int      `json:"unlisted"`
}

// needed lists every site, also those of which nothing waits. To who may see neither
// requests nor the installation there are none.
func (d *Dashboard) needed(c echo.Context) (list []exportedNeeds, err error) {
	sites, v := d.sites(c), frame(c)
	zone, _ := zoneOf(sites, d.Now())
	period, err := d.period(c, zone)
	if err != nil {
		return nil, err
	}
	list = []exportedNeeds{}
	if !v.Records && !v.Configures {
		return list, nil
	}
	for _, site := range sites {
		_, f, err := d.ownFunnel(c, site, period)
		if err != nil {
			return nil, err
		}
		n := d.needs(c.Request().Context(), v, site, f)
		list = append(list, exportedNeeds{n.ID, n.Name, n.Waiting, n.Overdue, n.Unread, n.Unsigned, append([]string{}, n.Leaks...), n.Unlisted})
	}
	return list, nil
}

func (d *Dashboard) getNeedsJSON(c echo.Context) error {
	list, err := d.needed(c)
	if err != nil {
		return err
	}
	return attachJSON(c, "needs", map[string]any{"needs": list})
}

func (d *Dashboard) getNeedsCSV(c echo.Context) error {
	list, err := d.needed(c)
	if err != nil {
		return err
	}
	rows := [][]string{{"site", "name", "requests_waiting", "requests_overdue", "requests_unread", "logs_unsigned", "leaking_services", "unlisted"}}
	for _, n := range list {
		rows = append(rows, []string{n.Site, n.Name, strconv.Itoa(n.Waiting), strconv.Itoa(n.Overdue), strconv.FormatBool(n.Unread),
			strconv.Itoa(n.Unsigned), strings.Join(n.Leaks, ", "), strconv.Itoa(n.Unlisted)})
	}
	return writeRows(c, "needs", rows)
}
