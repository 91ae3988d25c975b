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

	// accepting is how labels accept, in any language that a site is written in.
	accepting = phrases(`(^|\PL)(accept|agree|allow|consent|yes|okay|ok\b|got it|enable|permit|akzeptier|zustimm|einverstanden|erlaub|j'accepte|d'accord|autoris|autoriz|acept|accett|aceit|akkoord|aanvaard|akcept|zgadzam|souhlas|súhlas|godkend|tillåt|tillad)`)

	// answering is how a link begins that looks like an answer.
	answering = phrases(`^(i |we |yes,? )?(accept|agree|allow|reject|decline|refuse|deny)\b`, `^j'accepte`, `^(yes|ok|okay)$`)

	// agreeing is how a label begins that accepts before it does anything else.
	agreeing = phrases(`^(accept|agree|allow|yes|ok|okay)$`)

	// everything is what a label accepts that leaves nothing out.
	everything = phrases(`(^|\PL)(all|everything|alles?|tout|toutes|tous|todos?|todas?|tutt[oei]|tudo|wszystk\pL*|vše|všechn\pL*|všetk\pL*|alla|allt|alt|kaikki|összes|minden|toate|tot|всички|όλ[αων]+|sve|visus?|visas|kõik|все|всё)(\PL|$)`, `すべて|全て|全部|所有|모두|전체`)

	// trade is what companies call each other: how many of them there are says nothing
	// about what they do.
	trade = phrases(`\b(partners?|vendors?|partnern?|partenaires?|socios|proveedores|parceiros|fornitori|partneři|partnerzy|kumppanit?|партнёр\w*|партнер\w*)\b`)

	// refusing is how a label begins that rejects.
	refusing = phrases(`^(no|nein|non|nej|nee|nie|não)(,? |$)`, `^(reject|decline|refuse|deny|do not|don't|ablehnen|refuser|rechazar|rifiuta|weigeren|recusar|rejeitar)`)

	// spared are the words that turn an acceptance round or narrow it: no, not,
	// without, reject, only. Where a script has no spaces they stand anywhere.
	spared = phrases(`(^|\PL)(no|not|none|nothing|never|don't|without|only|just|reject|refuse|decline|deny|withdraw|nicht|nichts|kein|keine|ohne|nur|ablehnen|ne|pas|rien|sans|aucun|uniquement|seulement|refuser|sin|solo|sólo|ninguna|ninguno|rechazar|non|niente|nessuno|senza|rifiuta|não|nenhum|sem|apenas|somente|niet|niets|geen|zonder|alleen|weigeren`+
		`|nie|bez|tylko|ani|jen|pouze|nic|len|iba|nič|ikke|ingen|intet|kun|uden|uten|bare|inte|inga|bara|endast|utan|ei|älä|en|vain|ilman|mitte|ainult|ilma|nem|csak|ne|be|tik|nē|tikai|nu|nimic|fără|doar|numai|ni|samo|brez|не|без|само|только|ничего|лише|тільки|δεν|μη|μην|μόνο|χωρίς|ná|gan|amháin|mhux|biss|ekki|án|aðeins|hayır|yalnızca|sadece|لا|عدم|فقط|دون|לא|ללא|רק|नहीं|केवल|न)(\PL|$)`,
		`拒`, `不`, `否`, `仅`, `僅`, `只`, `ない`, `せん`, `のみ`, `だけ`, `않`, `안 함`, `안함`, `만 `, `reddet`, `etm[ei]`)

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

// barePurpose is a purpose of which only the kind is named, timeless a duration that
// leaves it open.
var (
	barePurpose = phrases(`^((used |is )?for|für|zu[rm]?|pour( le| la| les)?|para|per|voor) ?(our |the )?(`+kinds+`)( purposes?| zwecke?)?$`, `^(`+kinds+`)( purposes?| cookies?)?$`)
	timeless    = phrases(`^(it )?(varies|vary|variable|depends|depending|different|differs|unterschiedlich|variiert|abhängig|je nach|selon|variable|varía|depende|varia|dipende|verschilt|afhankelijk|zależ)`)
)

const kinds = `marketing|advertising|advertisement|ads|analytics|statistics|tracking|targeting|retargeting|remarketing|functional|performance|necessary|essential|personali[sz]ation|werbung|statistik|analyse|publicité|publicidad|pubblicità|publicidade|reclame`

// namesNoPurpose reports whether a purpose says nothing, or only of which kind it is.
func namesNoPurpose(text string) bool {
	return saysNothing(text) || barePurpose.MatchString(strings.Trim(text, " ."))
}

// namesNoTime reports whether a duration says nothing. One with a number in it does.
func namesNoTime(text string) bool {
	return saysNothing(text) || timeless.MatchString(strings.TrimSpace(text)) && !strings.ContainsAny(text, "0123456789")
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
