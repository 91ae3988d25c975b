package demo

import "fmt"

// Item is something on the shelf.
type Item struct {
	Slug, Name, Kind, Line string
	Cents                  int
	Story                  []string // paragraphs
	Facts                  [][2]string
}

// Price returns the price as a visitor reads it.
func (i Item) Price() string { return euros(i.Cents) }

const deliveryCents = 490

func euros(cents int) string { return fmt.Sprintf("€%d.%02d", cents/100, cents%100) }

// basketCents is what the basket page shows: its two lines and delivery.
func basketCents() int {
	return find("hill-kyusu").Cents + find("morning-sencha").Cents + deliveryCents
}

func find(slug string) *Item {
	for _, item := range goods() {
		if item.Slug == slug {
			return &item
		}
	}
	return nil
}

func goods() []Item {
	return []Item{
		{Slug: "hill-kyusu", Name: "Hill kyusu", Kind: "Teapot", Cents: 8400,
			Line: "A side-handled pot for two, in celadon over iron-flecked clay.",
			Story: []string{
				"The handle sits at a right angle to the spout, so that a small turn of the wrist empties the pot to the last drop. That drop matters: it is the sweetest.",
				"Thrown in five parts and joined by hand. The glaze breaks to rust wherever it thins, so no two rims are alike.",
			},
			Facts: [][2]string{{"Holds", "320 ml"}, {"Filter", "Clay, 140 holes, pierced by hand"}, {"Clay", "Dark stoneware, 1 280 °C"}, {"Care", "Rinse with warm water, no soap"}}},
		{Slug: "morning-sencha", Name: "Morning sencha", Kind: "Green tea", Cents: 1850,
			Line: "First picking, lightly steamed. Cut grass, sea air, a long sweet end.",
			Story: []string{
				"Picked in the last days of April, before the leaves harden. It asks for water that has rested: seventy degrees, one minute.",
				"We buy one lot a year from one garden and pack it the week it lands.",
			},
			Facts: [][2]string{{"Weight", "80 g, about 20 pots"}, {"Water", "70 °C, 60 seconds"}, {"Garden", "Six hectares, facing east"}, {"Keeps", "Four months once opened"}}},
		{Slug: "moon-jar", Name: "Moon jar", Kind: "Vase", Cents: 14000,
			Line: "Two bowls joined at the waist. Never quite round, and meant to be.",
			Story: []string{
				"A form from the seventeenth century: two hemispheres thrown apart, joined while damp, and left as the kiln returns them.",
				"White slip under a clear glaze that pools to the faintest blue at the foot.",
			},
			Facts: [][2]string{{"Height", "24 cm"}, {"Clay", "White stoneware"}, {"Glaze", "Clear ash, unlined foot"}, {"Made", "Twelve a season"}}},
		{Slug: "night-bowl", Name: "Night bowl", Kind: "Tea bowl", Cents: 5600,
			Line: "Iron glaze, nearly black, that runs to amber at the lip.",
			Story: []string{
				"A bowl for both hands. The wall is thick at the foot, where it keeps the heat, and thin at the lip, where you drink.",
				"Tenmoku glaze, fired hard and cooled slowly, so that the iron comes back to the surface.",
			},
			Facts: [][2]string{{"Holds", "280 ml"}, {"Across", "12 cm"}, {"Glaze", "Iron, food safe"}, {"Care", "Dishwasher safe, though it prefers you"}}},
		{Slug: "hearth-hojicha", Name: "Hearth hojicha", Kind: "Roasted tea", Cents: 1400,
			Line: "Stems and late leaves over charcoal. Toast, cocoa, very little caffeine.",
			Story: []string{
				"An evening tea. Roasted in small drums until the kitchen smells of bread.",
				"Forgiving: boiling water, half a minute, and again, and again.",
			},
			Facts: [][2]string{{"Weight", "100 g, about 25 pots"}, {"Water", "95 °C, 30 seconds"}, {"Roast", "Medium dark, weekly"}, {"Keeps", "Six months once opened"}}},
		{Slug: "pair-of-cups", Name: "Pair of cups", Kind: "Cups", Cents: 4200,
			Line: "Two small cups without handles, ash glaze over bare clay.",
			Story: []string{
				"Small on purpose: tea is poured often and drunk hot. The lower third is left bare, so that you feel the clay.",
				"Sold in twos from the same firing. They will not match exactly. Neither do we.",
			},
			Facts: [][2]string{{"Holds", "110 ml each"}, {"Clay", "Buff stoneware"}, {"Glaze", "Wood ash"}, {"Care", "Dishwasher safe"}}},
	}
}

// Tag is a vendor's snippet as the panel names it.
type Tag struct {
	Service, Category, Name string
}

// tagsOn lists the marked snippets of a page: measurement everywhere, the film
// and the share buttons in the journal.
func tagsOn(page string) []Tag {
	tags := []Tag{
		{"ga4", "analytics", "Google Analytics 4"},
		{"matomo", "analytics", "Matomo"},
	}
	if page == "article" {
		tags = append(tags, Tag{"youtube", "share", "YouTube"}, Tag{"addtoany", "share", "AddToAny"})
	}
	return tags
}
