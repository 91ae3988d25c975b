package cookie

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/consentry/consentry/internal/consent"
)

// strictJSON is securecookie's JSON serializer without its leniency: unknown
// members and trailing bytes are errors, because only this program writes them.
type strictJSON struct{}

func (strictJSON) Serialize(src any) ([]byte, error) {
	if sealed, ok := src.(*consent.Sealed); ok {
		return sealed.Encode(), nil
	}
	return json.Marshal(src)
}

func (strictJSON) Deserialize(src []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("trailing bytes")
	}
	return nil
}
