package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/shards"
)

// historyKinds are the artefacts that tell what was changed when.
var historyKinds = [...]string{
	"root", "activation", "experiment", shards.Kind, "log-key", "log-restart",
	consent.ImportKind, consent.LateKind, consent.ErasureKind, consent.PurgeKind,
}

// noted is what these artefacts say, as far as it is told in words.
type noted struct {
	Frame   string            `json:"frame"`
	Frames  map[string]string `json:"frames"`
	Root    string            `json:"root"`
	Key     string            `json:"key"`
	Entries []int64           `json:"entries"`
	After   bool              `json:"afterwards"`
	Ranges  [][2]int64        `json:"ranges"`

	ID         string            `json:"id"`
	Start      consent.Timestamp `json:"start"`
	Measure    string            `json:"measure"`
	Configured string            `json:"configured"`
	Variant    string            `json:"variant"`
	Shards     int               `json:"shards"`
	Records    int               `json:"records"`
	Granted    int               `json:"granted"`
	Days       int               `json:"days"`
}

// writeHistory tells in plain words what went before visitors when.
func (b *bundler) writeHistory(ctx context.Context) error {
	var list []consent.Artefact
	for _, kind := range historyKinds {
		some, err := b.store.Artefacts(ctx, b.site.ID, kind)
		if err != nil {
			return err
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, func(x, y consent.Artefact) int { return int(x.Index - y.Index) })
	var text bytes.Buffer
	fmt.Fprintf(&text, "What was changed on the site %s, in the order of the log. Each is an entry of it;\nthe bytes are under artefacts/.\n", b.site.ID)
	for _, item := range list {
		if item.Index >= b.signed.Size {
			break
		}
		a, err := b.store.Artefact(ctx, b.site.ID, item.Digest)
		if err != nil {
			return err
		}
		words, err := b.told(ctx, a)
		if err != nil {
			return fmt.Errorf("entry %d: %w", item.Index, err)
		}
		fmt.Fprintf(&text, "\n%s, entry %d (%s)\n%s", item.Time.UTC().Format(time.DateTime+" MST"), item.Index, a.Kind, words)
	}
	return b.add("history.txt", text.Bytes())
}

func (b *bundler) told(ctx context.Context, a consent.Artefact) (string, error) {
	var n noted
	if err := json.Unmarshal(a.Body, &n); err != nil {
		return "  it cannot be read: " + err.Error() + "\n", nil // its bytes are evidence all the same
	}
	switch a.Kind {
	case "activation":
		return b.toldActivation(ctx, n)
	case "experiment":
		return fmt.Sprintf("  The experiment %s by %s begins at %s: rendering %s beside %s.\n", n.ID, n.Measure, n.Start.UTC().Format(time.DateTime+" MST"), n.Variant, n.Configured), nil
	case shards.Kind:
		return fmt.Sprintf("  The site has %d logs.\n", n.Shards), nil
	case consent.ImportKind:
		return fmt.Sprintf("  %d decisions of another tool follow, %d of them grant something; their times are that tool's word.\n", n.Records, n.Granted), nil
	case consent.LateKind:
		return fmt.Sprintf("  Records follow that had waited for up to %d days on a server, as while the store was away.\n", n.Days), nil
	case "root":
		return "  The log was bound to the site's root secret, by its fingerprint " + n.Root + ".\n", nil
	case "log-key":
		return "  A new key signs: " + n.Key + "\n", nil
	case "log-restart":
		return "  The log was begun anew: signed entries before it are lost.\n", nil
	case consent.ErasureKind:
		if n.After {
			return "  Erased on request earlier, as the list of erasures says: entries " + places(n.Entries) + "\n", nil
		}
		return "  Erased on request: entries " + places(n.Entries) + "\n", nil
	}
	var spans []string
	for _, r := range n.Ranges {
		spans = append(spans, fmt.Sprintf("%d to %d", r[0], r[1]))
	}
	return "  Purged, since their retention had ended: records among entries " + strings.Join(spans, ", ") + "\n", nil
}

// toldActivation tells of the site's own ruling, and then of those that hold where
// some visitors are or for what their browsers ask.
func (b *bundler) toldActivation(ctx context.Context, n noted) (string, error) {
	f, err := b.reader.Frame(ctx, b.site.ID, n.Frame)
	if err != nil {
		return "", err
	}
	words := toldFrame(f)
	for _, ruling := range slices.Sorted(maps.Keys(n.Frames)) {
		f, err := b.reader.Frame(ctx, b.site.ID, n.Frames[ruling])
		if err != nil {
			return "", err
		}
		words += fmt.Sprintf("  Under the ruling %s instead: %s, a choice holds %d days.\n%s", ruling, f.Regime, f.Memory/86400, toldCategories(f))
	}
	return words, nil
}

func places(list []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

func toldFrame(f *consent.Frame) string {
	var t strings.Builder
	fmt.Fprintf(&t, "  From now on visitors saw the notice %s.\n  Asked by %s, %s; %s.\n", f.Notice, f.Controller.Name, f.Controller.Contact, f.Regime)
	t.WriteString(toldCategories(f))
	fmt.Fprintf(&t, "  A choice holds %d days. Languages: %s. Retention class: %s.\n  On %s.\n  Rendering %s, gate %s.\n",
		f.Memory/86400, strings.Join(f.Locales, ", "), f.Retention, strings.Join(f.Origins, ", "), f.Rendering, f.Gate)
	return t.String()
}

func toldCategories(f *consent.Frame) string {
	var t strings.Builder
	for _, c := range f.Categories {
		services := strings.Join(c.Services, ", ")
		if services == "" {
			services = "no service"
		}
		fmt.Fprintf(&t, "    %s, shown as %s: %s\n", c.ID, c.Shown, services)
	}
	return t.String()
}
