package siteconfig

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// What owners write in the languages of the EU when they break a rule. A phrase
// that stands in none of these lists passes: the lint finds slips and habits, not
// whoever wants to get around it.
var (
	legitimateInterest = phrases("legitimate interest", `berechtigte\w* interesse`, `intérêts? légitimes?`, `interés legítimo`, `intereses legítimos`,
		`legittim[oi] interess[ei]`, `interess[ei] legittim[oi]`, `interesses? legítimos?`, `gerechtvaardigde?n? belang`, `uzasadnion\w+ interes`, `berättiga\w+ intresse`,
		`legitime? interesse`, `berettiged?e? interesse`, `oikeutettu etu`, `oprávněn\w+ zájem`, `oprávnen\w+ záuj`, `jogos érdek`, `interes\w* legitim`, `законен интерес`,
		`έννομο συμφέρον`, `legitimn\w+ interes`, `zakonit\w+ interes`, `teisėt\w+ interes`, `leģitīm\w+ interes`, `õigustatud huvi`, `законн\w+ интерес`)

	elsewhere = phrases("settings", "options", "manage", "customi[sz]e", "preferences", "learn more", "more information", "einstellungen", "optionen", "anpassen", "mehr erfahren",
		"paramètr", "personnaliser", "en savoir plus", "ajustes", "configurar", "opciones", "impostazioni", "personalizza", "instellingen", "aanpassen", "ustawienia", "definições", "inställningar", "indstillinger", "asetukset")

	postponing = phrases("later", "not now", "remind", "später", "nicht jetzt", "plus tard", "pas maintenant", "más tarde", "ahora no", "più tardi", "non ora", "mais tarde", "agora não", "niet nu", "później")

	byUse = phrases(`by (continuing|using|browsing|visiting|scrolling)`, `if you (continue|keep) (to )?(use|using|browse|browsing)`, `continued use`, `durch (die )?(weitere )?nutzung`, `wenn sie (diese seite |die seite )?weiter`,
		`en (poursuivant|continuant)`, `si (continúa|sigue) navegando`, `al (continuar|seguir)`, `(proseguendo|continuando)`, `door (verder|gebruik)`, `ao (continuar|navegar)`, `korzystając`, `kontynuując`, `genom att fortsätta`, `ved at fortsætte`, `jatkamalla`)

	firstPerson = phrases(`no,? (thanks|thank you),? i`, `\bi (do not|don't|prefer|want|like|hate)`, `nein,? ich`, `non,? (merci,? )?je`, `no,? (gracias,? )?(no )?(quiero|me)`)

	pressing = phrases("!", "we value", "we respect your privacy", "best (possible )?experience", "great experience", "enjoy", "please accept", "bitte akzeptieren", "bestmögliche", "nous respectons votre vie privée",
		"meilleure expérience", "mejor experiencia", "migliore esperienza", "beste ervaring", "wij waarderen")

	commonplace = phrases("user experience", "your experience", "improve (our|the|your) (services?|experience|products?)", "various purposes", "marketing purposes", "business purposes", "functionality", "enhance",
		"nutzererlebnis", "nutzererfahrung", "verschiedene zwecke", "expérience utilisateur", "votre expérience", "experiencia de usuario", "esperienza utente")

	trackingWords = phrases("advertis", "marketing", "remarketing", "retarget", "track", "profil", "conversion", "campaign", "across sites", "other sites")
)

// phrases matches any of them, whatever the size of the letters.
func phrases(list ...string) *regexp.Regexp {
	return regexp.MustCompile("(?i)" + strings.Join(list, "|"))
}

// saysNothing reports whether a text stands there only because one must.
func saysNothing(text string) bool {
	plain := strings.ToLower(strings.Trim(text, " .-–—_?*/"))
	switch plain {
	case "", "unknown", "n/a", "na", "none", "other", "others", "misc", "miscellaneous", "various", "tbd", "todo", "varies", "variable", "undefined", "not specified",
		"persistent", "permanent", "long", "purpose", "cookie", "data", "unbekannt", "verschiedenes", "keine angabe", "inconnu", "divers", "desconocido", "varios", "sconosciuto", "onbekend":
		return true
	}
	return false
}

// sentences lists the texts that are set, by their names in the file.
func sentences(t consent.Texts) (list []finding) {
	v := reflect.ValueOf(t)
	for _, f := range orderedFields(v.Type()) {
		if value := v.FieldByIndex(f.index); value.Kind() == reflect.String && value.String() != "" {
			list = append(list, finding{f.key, value.String()})
		}
	}
	return list
}
