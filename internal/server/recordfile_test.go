package server_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

// The file of a record has its proof in it, which a stranger verifies with the log's
// public key alone.
func TestTheFileOfARecordProvesIt(t *testing.T) {
	r := shopRig(t, nil)
	link, _ := receiptFor(t, r)
	records := recordsUnder(t, r, link)
	address, browser := r.operator(t)
	read := func() (got struct {
		Entry  int64
		Record consent.Record
		Proof  struct {
			Holds      bool
			Says, File string
			Size       int64
		}
	}) {
		t.Helper()
		status, body := look(t, browser, address+"/admin/records.json?q="+records[0].ID.String())
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
			t.Fatalf("%d, %v: %s", status, err, body)
		}
		return got
	}
	if got := read(); got.Proof.Holds || got.Proof.File != "" || got.Proof.Says == "" {
		t.Errorf("before a checkpoint: %+v", got.Proof)
	}
	if err := r.logs["shop"].Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := read()
	proof, err := translog.ParseProof([]byte(got.Proof.File))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := r.logs["shop"].VerifierKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, err := translog.Verify(proof, keys...)
	if err != nil || !got.Proof.Holds || v.Index != got.Entry || v.Size != got.Proof.Size {
		t.Errorf("%+v of %+v, %v", v, got.Proof, err)
	}
	canonical, err := got.Record.Encode()
	if err != nil || string(canonical) != string(proof.Record) {
		t.Errorf("the proof is of another record: %v\n%s\n%s", err, canonical, proof.Record)
	}
}
