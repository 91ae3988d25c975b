package templates

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/a-h/templ"

	"github.com/consentry/consentry/internal/consent"
)

// A form is a page before it was shown to anybody: every sentence that some
// visitor may read is in it. Parts that not everybody sees stand between
// comments with their name, values between two marks. Texts come in escaped, so
// that none of them can pass for a comment.
const valueMark = "\uFFFC" // stands in no text: it is the mark of an object that is missing

// when encloses what is shown only under a condition that fill knows by name.
func when(name string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, "<!--"+name+"-->"); err != nil {
			return err
		}
		if err := templ.GetChildren(ctx).Render(templ.ClearChildren(ctx), w); err != nil {
			return err
		}
		_, err := io.WriteString(w, "<!--/"+name+"-->")
		return err
	})
}

func slot(name string) string { return valueMark + name + valueMark }

func switchedOn(name string) templ.Attributes { return templ.Attributes{"checked": slot(name)} }

var formMarks = regexp.MustCompile(`<!--([a-z0-9./-]+)-->| checked="` + valueMark + `([^` + valueMark + `]*)` + valueMark + `"|` + valueMark + `([^` + valueMark + `]*)` + valueMark)

// filling says what of a form is shown, and its values as they are written.
type filling struct {
	shows func(part string) bool
	on    func(name string) bool
	value map[string]string // escaped
}

func (f filling) write(form []byte, w io.Writer) error {
	var out bytes.Buffer
	done, left := 0, "" // the part that is being left out
	for _, m := range formMarks.FindAllSubmatchIndex(form, -1) {
		if left == "" {
			out.Write(form[done:m[0]])
		}
		done = m[1]
		text := func(group int) string {
			if m[2*group] < 0 {
				return ""
			}
			return string(form[m[2*group]:m[2*group+1]])
		}
		name := text(1)
		switch {
		case left != "":
			if name == "/"+left {
				left = ""
			}
		case strings.HasPrefix(name, "/"):
		case name != "":
			if !f.shows(name) {
				left = name
			}
		case m[4] >= 0:
			if f.on(text(2)) {
				out.WriteString(" checked")
			}
		default:
			out.WriteString(f.value[text(3)])
		}
	}
	out.Write(form[done:])
	_, err := w.Write(out.Bytes())
	return err
}

// ChoicesForm returns the choices page of a locale as it is stored before its
// first use; Choices fills it.
func ChoicesForm(ctx context.Context, site *consent.Site, locale string) ([]byte, error) {
	var b bytes.Buffer
	err := choicesForm(choicesText{Site: site, Locale: locale}).Render(ctx, &b)
	return b.Bytes(), err
}
