package siteconfig

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// comments holds what Go source says of its structs: by "Type" and
// "Type.Field".
type comments map[string]string

// readComments takes the comments from Go sources that a package embeds of
// itself.
func readComments(sources []string) (comments, error) {
	found := make(comments)
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read field comments: %w", err)
		}
		for _, decl := range file.Decls {
			types, ok := decl.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				found.add(spec.(*ast.TypeSpec), types.Doc)
			}
		}
	}
	return found, nil
}

func (c comments) add(spec *ast.TypeSpec, doc *ast.CommentGroup) {
	name := spec.Name.Name
	if spec.Doc != nil {
		doc = spec.Doc
	}
	c[name] = oneLine(doc.Text())
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		text := oneLine(field.Doc.Text())
		if text == "" {
			text = oneLine(field.Comment.Text())
		}
		for _, n := range field.Names {
			c[name+"."+n.Name] = text
		}
	}
}

// oneLine joins the lines that the source was broken into.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
